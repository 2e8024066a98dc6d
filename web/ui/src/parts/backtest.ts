// A back-test comes in parts of about a second each; this brings them together.
import type { Backtest, BacktestFailure } from '../api/types';

export const samplesKept = 20;

function mergedFailures(before: BacktestFailure[], next: BacktestFailure[]): BacktestFailure[] {
  const all = before.map((each) => ({ ...each }));
  for (const each of next) {
    const known = all.find((one) => one.message === each.message && one.script === each.script && one.line === each.line);
    if (known) known.count += each.count;
    else all.push({ ...each });
  }
  return all.sort((a, b) => b.count - a.count);
}

/** Both parts as one; the samples are the first ones of the two. */
export function merged(before: Backtest | undefined, next: Backtest): Backtest {
  if (!before) return next;
  const sum = (a: { fires: number; fails: number }, b: { fires: number; fails: number }) => ({ fires: a.fires + b.fires, fails: a.fails + b.fails });
  return {
    ...next,
    from_seq: before.from_seq,
    events: before.events + next.events,
    of_trigger: before.of_trigger + next.of_trigger,
    candidate: sum(before.candidate, next.candidate),
    active: before.active && next.active ? sum(before.active, next.active) : null,
    differ: before.differ === null || next.differ === null ? null : before.differ + next.differ,
    failures: mergedFailures(before.failures, next.failures),
    fired: [...before.fired, ...next.fired].slice(0, samplesKept),
    differing: [...before.differing, ...next.differing].slice(0, samplesKept),
  };
}

/** How much of the range is read, from 0 to 1. */
export function progressOf(found: Backtest): number {
  if (found.next_seq === null) return 1;
  const all = found.journal_seq - found.from_seq + 1;
  return all <= 0 ? 1 : Math.min(1, (found.to_seq - found.from_seq + 1) / all);
}
