import { expect, test } from 'vitest';
import { isExact, isRecord, parseJson, sameJson, writeJson } from './json';

test('every digit survives reading and writing', () => {
  const text = '{"id":9007199254740993,"rate":0.1000000000000000000001,"total":99.90,"plain":42,"big":1e400}';
  expect(writeJson(parseJson(text))).toBe(text);
});

test('numbers that a double holds as written stay numbers', () => {
  expect(parseJson('[1,-2.5,0]')).toEqual([1, -2.5, 0]);
  expect(isExact(parseJson('1.50'))).toBe(true);
});

test('an exact number is no record, and equal only by its digits', () => {
  expect(isRecord(parseJson('1.50'))).toBe(false);
  expect(sameJson(parseJson('1.50'), parseJson('1.50'))).toBe(true);
  expect(sameJson(parseJson('1.50'), parseJson('1.5'))).toBe(false);
  expect(sameJson(null, undefined)).toBe(false);
});
