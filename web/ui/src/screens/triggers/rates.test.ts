import { expect, test } from 'vitest';
import { endedIn, failedIn, newestP99, perSecond, rateText, smoothed } from './rates';

const series = { trigger_id: 1, from: '', step_seconds: 10, completed: [0, 20, 40, 7], failed: [0, 0, 10, 1], p99_ms: [null, 3, 4.5, null], last_failure: null };

test('rates are of the steps that are over', () => {
  expect(perSecond(series)).toEqual([0, 2, 5]);
  expect([endedIn(series), failedIn(series), newestP99(series)]).toEqual([78, 11, 4.5]);
  expect(smoothed([0, 3, 0])).toEqual([1.5, 1, 1.5]);
});

test('a rate is said per second or per minute', () => {
  expect([rateText(0), rateText(0.05), rateText(0.96), rateText(2.25), rateText(1234.4)]).toEqual(['0/min', '3/min', '1.0/s', '2.3/s', '1,234/s']);
});
