// What an event says about each column: the pure part of the diff.
import { isRecord, sameJson, type JsonRecord, type JsonValue } from '../api/json';
import type { RowEvent } from '../api/types';
import type { Missing } from './value';

export interface Side {
  value?: JsonValue;
  missing?: Missing;
}

export interface DiffLine {
  column: string;
  before: Side;
  after: Side;
  changed: boolean | undefined; // undefined: unknown, the database sent no old value
}

function side(values: JsonRecord | null | undefined, column: string, otherwise: Missing): Side {
  const value = values?.[column];
  return value === undefined ? { missing: otherwise } : { value };
}

/** The columns of the event in the order in which the database has them, the old row's own ones last. */
export function diffOf(event: Pick<RowEvent, 'event_type' | 'old_values' | 'new_values' | 'changed_fields' | 'metadata'>): DiffLine[] {
  const before = isRecord(event.old_values) ? event.old_values : null;
  const after = isRecord(event.new_values) ? event.new_values : null;
  const unchanged = event.metadata?.unchanged_fields ?? [];
  const columns = [...new Set([...Object.keys(after ?? {}), ...unchanged, ...Object.keys(before ?? {})])];
  const whole = event.metadata?.old_complete !== false;
  return columns.map((column) => {
    const old = side(before, column, before === null && event.event_type !== 'record_updated' ? 'absent' : whole ? 'absent' : 'unknown');
    const now = side(after, column, unchanged.includes(column) ? 'unchanged' : 'absent');
    let changed: boolean | undefined;
    if (event.changed_fields) changed = event.changed_fields.includes(column);
    else if (event.event_type === 'record_updated') changed = old.missing === 'unknown' ? undefined : now.missing !== 'unchanged' && !sameJson(old.value, now.value);
    else changed = false;
    return { column, before: old, after: now, changed };
  });
}

/** "status: pending → paid" for a table's cell; at most three columns. */
export function summaryOf(event: RowEvent): string {
  const short = (value: JsonValue | undefined) => {
    const text = value === undefined ? '?' : value === null ? 'null' : typeof value === 'object' && isRecord(value) ? '{…}' : Array.isArray(value) ? '[…]' : String(value);
    return text.length > 24 ? text.slice(0, 23) + '…' : text;
  };
  if (event.event_type === 'record_updated') {
    const lines = diffOf(event).filter((line) => line.changed);
    const text = lines.slice(0, 3).map((line) => `${line.column}: ${short(line.before.value)} → ${short(line.after.value)}`).join(', ');
    return lines.length > 3 ? `${text}, …` : text;
  }
  const reason = event['reason'] ?? event['error_message'] ?? event['object_name'];
  if (typeof reason === 'string') return reason;
  const values = event.new_values ?? event.old_values ?? {};
  return Object.entries(values).slice(0, 4).map(([name, value]) => `${name}: ${short(value)}`).join(', ');
}
