import { expect, test } from 'vitest';
import type { Backtest } from '../api/types';
import { merged, progressOf, samplesKept } from './backtest';

const failure = { message: 'no column', script: 'filter', line: 2, count: 1, first_seq: 3, first_event_id: 'shop:3' };
const sample = (seq: number) => ({ seq, event_id: `shop:${seq}`, table: 'orders', record_id: seq, candidate: { verdict: 'fires' as const } });
const part: Backtest = {
  from_seq: 1, to_seq: 10, next_seq: 11, journal_seq: 20, events: 10, of_trigger: 6, candidate: { fires: 4, fails: 1 }, active: { fires: 6, fails: 0 },
  active_trigger_id: 7, active_revision: 2, differ: 2, failures: [failure], fired: [sample(1)], differing: [sample(2)],
};

test('parts add up, the same failure is one, and samples stay few', () => {
  const other = { ...failure, message: 'another', count: 5 };
  const next = { ...part, from_seq: 11, to_seq: 20, next_seq: null, failures: [{ ...failure, count: 2, first_seq: 12 }, other], fired: Array.from({ length: 30 }, (_, i) => sample(i)) };
  const all = merged(part, next);
  expect(all).toMatchObject({ from_seq: 1, to_seq: 20, next_seq: null, events: 20, of_trigger: 12, candidate: { fires: 8, fails: 2 }, active: { fires: 12, fails: 0 }, differ: 4 });
  expect(all.failures).toEqual([other, { ...failure, count: 3 }]);
  expect(all.fired).toHaveLength(samplesKept);
  expect(part.failures).toEqual([failure]); // what was shown before is not changed
});

test('a new trigger is compared with nothing', () => {
  const alone = { ...part, active: null, differ: null };
  expect(merged(alone, alone)).toMatchObject({ active: null, differ: null });
});

test('how far it is', () => {
  expect(progressOf(part)).toBe(0.5);
  expect(progressOf({ ...part, next_seq: null })).toBe(1);
  expect(progressOf({ ...part, from_seq: 0, to_seq: 0, journal_seq: 0, next_seq: null })).toBe(1);
});
