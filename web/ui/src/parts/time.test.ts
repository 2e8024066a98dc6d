import { expect, test } from 'vitest';
import { parseJson } from '../api/json';
import { bytesText, counted, countText, durationText, relativeTime } from './time';

test('relative times', () => {
  const at = Date.parse('2025-08-05T10:00:00Z');
  expect(relativeTime(at, at)).toBe('now');
  expect(relativeTime(at - 59_000, at)).toBe('59 s ago');
  expect(relativeTime(at - 7_200_000, at)).toBe('2 h ago');
  expect(relativeTime(at + 90_000, at)).toBe('in 1 min');
});

test('durations and sizes carry their units', () => {
  expect(durationText(0.25)).toBe('250 µs');
  expect(durationText(3.14)).toBe('3.1 ms');
  expect(durationText(1_500)).toBe('1.50 s');
  expect(durationText(125_000)).toBe('2 min 5 s');
  expect(durationText(null)).toBe('–');
  expect(bytesText(512)).toBe('512 B');
  expect(bytesText(1_572_864)).toBe('1.5 MiB');
});

test('counts say one and many', () => {
  expect(counted(1, 'execution')).toBe('1 execution');
  expect(counted(1312, 'execution')).toBe('1,312 executions');
  expect(counted(2, 'entry', 'entries')).toBe('2 entries');
});

test('measurements that were written with a last 0 are numbers like any other', () => {
  const [duration, bytes] = parseJson('[2.0, 2048.0]') as unknown as [number, number];
  expect([durationText(duration), bytesText(bytes), countText(bytes)]).toEqual(['2.0 ms', '2.0 KiB', '2,048']);
});
