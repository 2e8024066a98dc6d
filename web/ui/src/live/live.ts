// What components use of the live link.
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { JsonRecord } from '../api/json';
import type { Execution, Source } from '../api/types';
import { link, thisPage, type LinkState } from './socket';

export function useLinkState(): LinkState {
  return useSyncExternalStore(link.watch, link.current);
}

interface Tally {
  completed_per_second: number;
  retrying_per_second: number;
  dead_letter_per_second: number;
  p50_ms: number;
  p99_ms: number;
}

/** One measurement of how busy the engine is, about every second. */
export interface Metrics {
  at: string;
  interval_ms: number;
  events_per_second: number;
  executions: Tally;
  triggers: (Tally & { trigger_id: number })[];
  last_seq: number;
  events_waiting: number;
  sources: Source[];
}

const kept = 300;
let history: Metrics[] = [];
const watchers = new Set<() => void>();
let end: (() => void) | undefined;

// Measured while somebody looks; kept while other screens are open, so that coming back does not begin anew.
function watchMetrics(changed: () => void): () => void {
  watchers.add(changed);
  end ??= link.subscribe({
    topic: 'metrics',
    on: (params) => {
      history = [...history, params['metrics'] as unknown as Metrics].slice(-kept);
      for (const each of watchers) each();
    },
  });
  return () => {
    watchers.delete(changed);
    if (watchers.size > 0) return;
    end?.();
    end = undefined;
  };
}

/** The measurements of the last five minutes in which one was looking, oldest first. */
export function useMetrics(): Metrics[] {
  return useSyncExternalStore(watchMetrics, () => history);
}

export interface Present {
  session: string;
  name: string;
  role: string;
  place: string; // the path of what they look at, without its first slash
  since: string;
  state: JsonRecord | null; // what they do there; `page` names the window
}

/** The others who are on the page, or at one place of it. */
export function useOthers(place?: string): Present[] {
  const [present, setPresent] = useState<Present[]>([]);
  useEffect(() => link.subscribe({
    topic: 'presence',
    ...(place === undefined ? {} : { filter: { place } }),
    on: (params) => {
      const here = params['present'] as unknown as Present[];
      const changed = params['place']; // absent in the first answer, which is about everywhere
      setPresent((before) => (typeof changed === 'string' ? [...before.filter((each) => each.place !== changed && !here.some((now) => now.session === each.session)), ...here] : here));
    },
  }), [place]);
  return present.filter((each) => each.state?.['page'] !== thisPage);
}

/** Executions as they end or are parked for a retry. */
export function useLiveExecutions(filter: JsonRecord, on: (execution: Execution) => void, when = true): void {
  const key = JSON.stringify(filter);
  useEffect(() => {
    if (!when) return;
    return link.subscribe({ topic: 'executions', filter: JSON.parse(key) as JsonRecord, on: (params) => { on(params['execution'] as unknown as Execution); } });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `on` may be new with each drawing; the first one is kept
  }, [key, when]);
}
