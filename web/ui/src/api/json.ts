// JSON with every digit kept: what a double cannot hold exactly as it was written becomes a LosslessNumber, which prints
// and serialises as it came. `1.50` stays `1.50`, 9007199254740993 stays itself.
import { LosslessNumber, parse, stringify } from 'lossless-json';

export type JsonValue = null | boolean | number | string | LosslessNumber | JsonValue[] | { [name: string]: JsonValue };
export type JsonRecord = { [name: string]: JsonValue };

function exactNumber(digits: string): number | LosslessNumber {
  const value = Number(digits);
  return String(value) === digits ? value : new LosslessNumber(digits);
}

// A number that a double may not write back as it came: many digits, a last 0 behind the point, an exponent, very small, or -0.
// Looked for in the whole text, so what only looks like one inside a string costs time, not digits.
const inexact = /(?:^|[\s:,[])-?(?:[\d.]{16,}|\d+\.\d*0(?!\d)|\d[\d.]*[eE]|0\.0{6}|0(?<=-0)(?![\d.]))/;

/** Throws SyntaxError. */
export function parseJson(text: string): JsonValue {
  if (!inexact.test(text)) {
    try {
      return JSON.parse(text) as JsonValue; // the browser's own, some thirty times as fast
    } catch {
      // the other one says where the fault is
    }
  }
  return parse(text, undefined, { parseNumber: exactNumber }) as JsonValue;
}

export function writeJson(value: unknown, indent?: number): string {
  return stringify(value, undefined, indent) ?? 'null';
}

export function isExact(value: unknown): value is LosslessNumber {
  return value instanceof LosslessNumber;
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExact(value);
}

/** The same value, digits included. */
export function sameJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return writeJson(a) === writeJson(b);
}
