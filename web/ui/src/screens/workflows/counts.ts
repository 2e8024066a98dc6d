// How many items went through each node and edge since the editor was opened, from the executions as they end.
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import type { Execution, WorkflowConnection } from '../../api/types';
import { useLiveExecutions } from '../../live/live';
import { edgeKey } from './model';

export interface Count {
  all: number;
  failed: number;
}

const none: Count = { all: 0, failed: 0 };
const everyMs = 250; // how often numbers on the canvas may move

/** Runs `draw` with the next picture the browser shows; not at all while nobody looks. */
function withNextFrame(draw: () => void): void {
  setTimeout(() => { requestAnimationFrame(draw); }, everyMs);
}

/** Counted as messages come, told to whoever shows a number that has moved, and only to those, a few times a second. */
export class Counts {
  private readonly counts = new Map<string, Count>();
  private readonly watchers = new Map<string, Set<() => void>>(); // by what they watch
  private readonly moved = new Set<string>();
  private waiting = false;
  private readonly into = new Map<string, WorkflowConnection[]>(); // by the node they lead to

  constructor(connections: WorkflowConnection[], private readonly soon: (draw: () => void) => void = withNextFrame) {
    this.follow(connections);
  }

  follow(connections: WorkflowConnection[]): void {
    this.into.clear();
    for (const each of connections) {
      const known = this.into.get(each.to_node_id);
      if (known) known.push(each);
      else this.into.set(each.to_node_id, [each]);
    }
  }

  add(execution: Execution): void {
    const steps = execution.steps ?? [];
    this.count(runs, execution.status === 'dead_letter');
    for (const each of steps) {
      this.count('node ' + each.node_id, each.status === 'failed');
      const from = typeof each['from_step'] === 'number' ? steps[each['from_step']] : undefined;
      const ports = Array.isArray(from?.['ports']) ? (from['ports'] as unknown[]) : [];
      const edge = from && this.into.get(each.node_id)?.find((known) => known.from_node_id === from.node_id && (ports.length === 0 || ports.includes(known.from_port)));
      if (edge) this.count('edge ' + edgeKey(edge), false);
    }
    if (this.waiting) return;
    this.waiting = true;
    this.soon(() => {
      this.waiting = false;
      const told = new Set([...this.moved].flatMap((key) => [...(this.watchers.get(key) ?? [])]));
      this.moved.clear();
      for (const watcher of told) watcher();
    });
  }

  private count(key: string, failed: boolean): void {
    const before = this.counts.get(key) ?? none;
    this.counts.set(key, { all: before.all + 1, failed: before.failed + (failed ? 1 : 0) });
    this.moved.add(key);
  }

  watch(key: string, changed: () => void): () => void {
    const known = this.watchers.get(key) ?? new Set();
    this.watchers.set(key, known.add(changed));
    return () => {
      known.delete(changed);
      if (known.size === 0) this.watchers.delete(key);
    };
  }
  readonly of = (key: string): Count => this.counts.get(key) ?? none;
}

/** The key under which executions as a whole are counted. */
export const runs = 'runs';

/** In words, for hover and screen readers. */
export function countTitle(count: Count): string {
  return `${count.all.toLocaleString('en')} since this page was opened${count.failed ? `, ${count.failed.toLocaleString('en')} failed` : ''}`;
}

/** Counts of the workflow while the component is there. */
export function useCounts(workflowId: string, connections: WorkflowConnection[]): Counts {
  const [counts] = useState(() => new Counts(connections));
  useEffect(() => { counts.follow(connections); }, [counts, connections]);
  useLiveExecutions({ workflow_id: workflowId }, (execution) => { counts.add(execution); });
  return counts;
}

export function useCount(counts: Counts, key: string): Count {
  return useSyncExternalStore(useCallback((changed: () => void) => counts.watch(key, changed), [counts, key]), () => counts.of(key));
}

export type Went = 'none' | 'some' | 'failed';

/** What is left of a count where there is no room for its number: changes twice at most. */
export function useWent(counts: Counts, key: string): Went {
  return useSyncExternalStore(useCallback((changed: () => void) => counts.watch(key, changed), [counts, key]), () => {
    const { all, failed } = counts.of(key);
    return failed > 0 ? 'failed' : all > 0 ? 'some' : 'none';
  });
}
