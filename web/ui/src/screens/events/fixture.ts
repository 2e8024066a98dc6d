// An event as a file for tests, the same that `rowhook tail --save` writes.
import { isExact, isRecord, writeJson, type JsonValue } from '../../api/json';
import type { RowEvent } from '../../api/types';

const isScalar = (value: JsonValue): boolean => typeof value !== 'object' || value === null || isExact(value);

/** Over several lines; arrays of scalars stay on one. */
export function prettyJson(value: JsonValue, depth = 0): string {
  const members = Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
  if (isScalar(value) || members.length === 0 || (Array.isArray(value) && members.every(isScalar))) return writeJson(value);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const lines = isRecord(value)
    ? Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${prettyJson(member, depth + 1)}`)
    : members.map((member) => prettyJson(member, depth + 1));
  const indent = '  '.repeat(depth);
  return `${open ?? ''}\n${lines.map((line) => `${indent}  ${line}`).join(',\n')}\n${indent}${close ?? ''}`;
}

export function fixtureName(event: RowEvent): string {
  return `${event.table ? event.table + '-' : ''}${event.event_type}-${event.seq}.json`;
}

export function saveFixture(event: RowEvent): void {
  const url = URL.createObjectURL(new Blob([prettyJson(event as unknown as JsonValue) + '\n'], { type: 'application/json' }));
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = fixtureName(event);
  anchor.click();
  URL.revokeObjectURL(url);
}
