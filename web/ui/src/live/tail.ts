// Events as they are journaled, over HTTP: GET /events/tail waits for the next one.
import { api, Problem, type Query } from '../api/client';
import type { RowEvent } from '../api/types';

export type LinkState = 'live' | 'lost';

export interface TailHandlers {
  events: (events: RowEvent[]) => void;
  state: (state: LinkState) => void;
}

const pauseAfterFailure = 1_000;

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      done();
    }, { once: true });
  });
}

/** Goes on until the signal; after a failure from where it was, so nothing that the journal still has is missed. */
export async function tailEvents(filter: Query, from: number | 'now', handlers: TailHandlers, signal: AbortSignal): Promise<void> {
  let next: number | 'now' = from;
  while (!signal.aborted) {
    try {
      const answer = await api.get<{ items: RowEvent[]; next_seq: number }>(
        '/events/tail', { ...filter, from_seq: next, wait: '20s', limit: 500 }, signal);
      handlers.state('live');
      next = answer.next_seq;
      if (answer.items.length > 0) handlers.events(answer.items);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status === 401) return;
      handlers.state('lost');
      await sleep(pauseAfterFailure, signal);
    }
  }
}
