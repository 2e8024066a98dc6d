import { expect, test } from 'vitest';
import { isSize, isSpan, sizeText, spanText } from './retention';

test('durations and sizes as the configuration takes them', () => {
  expect([604_800, 129_600, 90, 61].map(spanText)).toEqual(['7d', '36h', '90s', '61s']);
  expect([10 * 2 ** 30, 1536 * 2 ** 20, 1000].map(sizeText)).toEqual(['10GiB', '1536MiB', '1000B']);
  for (const seconds of [604_800, 129_600, 90, 61]) expect(isSpan(spanText(seconds))).toBe(true);
  for (const bytes of [10 * 2 ** 30, 1536 * 2 ** 20, 1000]) expect(isSize(sizeText(bytes))).toBe(true);
  expect([isSpan('a week'), isSize('2GB')]).toEqual([false, false]);
});
