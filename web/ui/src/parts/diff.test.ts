import { expect, test } from 'vitest';
import type { RowEvent } from '../api/types';
import { diffOf, summaryOf } from './diff';

const update: RowEvent = {
  event_id: 'a', seq: 1, source: 's', event_type: 'record_updated', timestamp: '2025-08-05T10:00:00Z',
  old_values: { id: 1, status: 'pending', note: null }, new_values: { id: 1, status: 'paid', note: null }, changed_fields: ['status'],
};

test('an update marks the changed columns only', () => {
  expect(diffOf(update).map((line) => [line.column, line.changed])).toEqual([['id', false], ['status', true], ['note', false]]);
  expect(summaryOf(update)).toBe('status: pending → paid');
});

test('where the database sent only the key, what changed is unknown', () => {
  const lines = diffOf({ ...update, old_values: { id: 1 }, changed_fields: null, metadata: { old_complete: false } });
  expect(lines.map((line) => line.changed)).toEqual([false, undefined, undefined]);
  expect(lines[1]?.before).toEqual({ missing: 'unknown' });
});

test('a column that was not sent is unchanged, not null', () => {
  const lines = diffOf({ ...update, metadata: { unchanged_fields: ['body'] } });
  expect(lines.find((line) => line.column === 'body')?.after).toEqual({ missing: 'unchanged' });
});

test('an insert has nothing before it', () => {
  const lines = diffOf({ ...update, event_type: 'record_inserted', old_values: null, changed_fields: null });
  expect(lines[0]?.before).toEqual({ missing: 'absent' });
  expect(lines.every((line) => line.changed === false)).toBe(true);
});
