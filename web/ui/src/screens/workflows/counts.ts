// How many items went through each node and edge since the editor was opened, from the executions as they end.
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { Execution, WorkflowConnection } from '../../api/types';
import { useLiveExecutions } from '../../live/live';
import { edgeKey } from './model';

export interface Count {
  all: number;
  failed: number;
}

const none: Count = { all: 0, failed: 0 };
const everyMs = 250; // how often numbers on the canvas may move

export class Counts {
  private readonly counts = new Map<string, Count>();
  private readonly watchers = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly into = new Map<string, WorkflowConnection[]>(); // by the node they lead to

  constructor(connections: WorkflowConnection[]) {
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
    for (const each of steps) {
      this.count('node ' + each.node_id, each.status === 'failed');
      const from = typeof each['from_step'] === 'number' ? steps[each['from_step']] : undefined;
      const ports = Array.isArray(from?.['ports']) ? (from['ports'] as unknown[]) : [];
      const edge = from && this.into.get(each.node_id)?.find((known) => known.from_node_id === from.node_id && (ports.length === 0 || ports.includes(known.from_port)));
      if (edge) this.count('edge ' + edgeKey(edge), false);
    }
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      for (const watcher of this.watchers) watcher();
    }, everyMs);
  }

  private count(key: string, failed: boolean): void {
    const before = this.counts.get(key) ?? none;
    this.counts.set(key, { all: before.all + 1, failed: before.failed + (failed ? 1 : 0) });
  }

  readonly watch = (changed: () => void): (() => void) => {
    this.watchers.add(changed);
    return () => { this.watchers.delete(changed); };
  };
  readonly of = (key: string): Count => this.counts.get(key) ?? none;
}

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
  return useSyncExternalStore(counts.watch, () => counts.of(key));
}
