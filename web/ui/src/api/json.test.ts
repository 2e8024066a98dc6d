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

test('whatever a number looks like, it is written back as it came', () => {
  const digits = ['0', '-0', '-0.0', '0.1', '1.5', '1.50', '10', '100', '-7', '9007199254740991', '9007199254740993', '123456789012345', '1234567890123456', '0.0000001', '0.000001',
    '1e5', '1E-5', '12.5e3', '0.1000000000000000000001', '999999999.99999999', '3.0', '-12.345678901234567'];
  for (const each of digits)
    for (const text of [each, `[${each}]`, `{"a":${each},"b":"x"}`, `{"a": ${each} }`, `["s",\n${each}]`]) expect(writeJson(parseJson(text))).toBe(text.replace(/\s/g, ''));
});

test('text that looks like numbers stays text', () => {
  expect(parseJson('{"at":"2025-08-05T10:00:00.123456Z","id":"3e5 , 1.50","big":"x:9007199254740993"}')).toEqual({ at: '2025-08-05T10:00:00.123456Z', id: '3e5 , 1.50', big: 'x:9007199254740993' });
});

test('a fault is said with its place', () => {
  expect(() => parseJson('{"broken": ')).toThrow(/position|expected/i);
});
