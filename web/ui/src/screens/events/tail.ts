// The live tail's memory: newest first, bounded, and no faster than somebody can read.
import type { RowEvent } from '../../api/types';

export const mostKept = 2_000;
export const mostPerSecond = 50;

export interface Tail {
  shown: RowEvent[]; // newest first
  held: RowEvent[]; // arrived while paused, newest first
  skipped: number; // arrived faster than the cap: in the journal, not in this list
}

export const emptyTail: Tail = { shown: [], held: [], skipped: 0 };

/** Takes what arrived within `milliseconds`, oldest first; of more than the cap allows the newest are kept. */
export function takeIn(tail: Tail, arrived: RowEvent[], paused: boolean, milliseconds: number): Tail {
  if (arrived.length === 0) return tail;
  const allowed = Math.max(1, Math.ceil((mostPerSecond * milliseconds) / 1000));
  const taken = arrived.slice(-allowed).reverse();
  const skipped = tail.skipped + (arrived.length - taken.length);
  if (!paused) return { ...tail, shown: [...taken, ...tail.shown].slice(0, mostKept), skipped };
  const held = [...taken, ...tail.held];
  return { ...tail, held: held.slice(0, mostKept), skipped };
}

/** Shows what was held back. */
export function release(tail: Tail): Tail {
  return { ...tail, shown: [...tail.held, ...tail.shown].slice(0, mostKept), held: [] };
}

/** The tail above the listing it began with, each event once. */
export function joined(tail: RowEvent[], listed: RowEvent[]): RowEvent[] {
  if (tail.length === 0) return listed;
  const known = new Set(tail.map((event) => event.seq));
  return [...tail, ...listed.filter((event) => !known.has(event.seq))];
}
