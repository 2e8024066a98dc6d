import { expect, test } from 'vitest';
import type { RowEvent } from '../../api/types';
import { emptyTail, joined, mostKept, release, takeIn } from './tail';

const events = (from: number, count: number): RowEvent[] =>
  Array.from({ length: count }, (_, index) => ({ event_id: `e${from + index}`, seq: from + index, source: 's', event_type: 'record_inserted', timestamp: '' }));

test('the newest stand first', () => {
  const tail = takeIn(takeIn(emptyTail, events(1, 2), false, 1000), events(3, 1), false, 1000);
  expect(tail.shown.map((event) => event.seq)).toEqual([3, 2, 1]);
});

test('faster than the cap: the newest are shown, the others counted', () => {
  const tail = takeIn(emptyTail, events(1, 200), false, 1000);
  expect(tail.shown.length).toBe(50);
  expect(tail.shown[0]?.seq).toBe(200);
  expect(tail.skipped).toBe(150);
});

test('while paused they are held, then shown in order', () => {
  let tail = takeIn(emptyTail, events(1, 1), false, 1000);
  tail = takeIn(tail, events(2, 2), true, 1000);
  expect(tail.shown.length).toBe(1);
  expect(tail.held.length).toBe(2);
  expect(release(tail).shown.map((event) => event.seq)).toEqual([3, 2, 1]);
});

test('memory is bounded', () => {
  let tail = emptyTail;
  for (let i = 0; i < 100; ++i) tail = takeIn(tail, events(i * 50, 50), i % 2 === 0, 1000);
  expect(release(tail).shown.length).toBe(mostKept);
  expect(tail.held.length).toBeLessThanOrEqual(mostKept);
});

test('an event that is in the tail and in the listing stands there once', () => {
  expect(joined(events(5, 2).reverse(), events(1, 5).reverse()).map((event) => event.seq)).toEqual([6, 5, 4, 3, 2, 1]);
});
