// Values as they are: a number, a string of digits, null, absent, unchanged and bytes do not look alike; long ones folded.
import { useState } from 'react';
import { isExact, isRecord, writeJson, type JsonValue } from '../api/json';
import { CopyButton } from './copy';
import css from './value.module.css';

const foldAt = 160;

export type Missing = 'absent' | 'unchanged' | 'unknown';
const missingWords: Record<Missing, [string, string]> = {
  absent: ['absent', 'There was no such value'],
  unchanged: ['unchanged', 'The database did not send it, because it did not change'],
  unknown: ['not sent', 'The database did not send it'],
};

export function MissingValue({ why }: { why: Missing }) {
  const [word, meaning] = missingWords[why];
  return <span className={css.missing} title={meaning}>{word}</span>;
}

/** One value; copied as it stands in JSON, a text without its quotes. */
export function Value({ value, copy = true }: { value: JsonValue; copy?: boolean }) {
  const [open, setOpen] = useState(false);
  const isText = typeof value === 'string';
  const text = isText ? value : writeJson(value, isRecord(value) || Array.isArray(value) ? 2 : undefined);
  const long = text.length > foldAt || text.split('\n').length > 6;
  const cut = long && !open ? text.slice(0, foldAt).split('\n').slice(0, 6).join('\n') + '…' : text;
  const kind = value === null ? css.null : isText ? css.text : typeof value === 'number' || isExact(value) ? css.number : typeof value === 'boolean' ? css.boolean : css.json;
  return (
    <span className={css.value}>
      <span className={`${css.content ?? ''} ${kind ?? ''}`}>
        {isText ? <><span className={css.quote} aria-hidden="true">“</span>{cut}<span className={css.quote} aria-hidden="true">”</span></> : cut}
        {long && (
          <button type="button" className={css.fold} aria-expanded={open} onClick={() => { setOpen(!open); }}>
            {open ? 'less' : `all ${text.length.toLocaleString('en')} characters`}
          </button>
        )}
      </span>
      {copy && <CopyButton text={text} what="the value" />}
    </span>
  );
}

/** On one line, for tables. `keys`: it is a row's key, and null says that there is none. */
export function ShortValue({ value, keys = false }: { value: JsonValue | undefined; keys?: boolean }) {
  if (value === undefined || (value === null && keys)) return <span className="muted">–</span>;
  const text = typeof value === 'string' ? value : writeJson(value);
  const kind = value === null ? css.null : typeof value === 'string' ? css.text : typeof value === 'number' || isExact(value) ? css.number : css.json;
  return <span className={`${css.short ?? ''} ${kind ?? ''}`} title={text}>{text}</span>;
}

/** A whole document, folded to a few lines at first. */
export function JsonBlock({ value, what, lines = 24 }: { value: unknown; what: string; lines?: number }) {
  const [open, setOpen] = useState(false);
  const text = writeJson(value, 2);
  const all = text.split('\n');
  const cut = all.length > lines && !open ? all.slice(0, lines).join('\n') : text;
  return (
    <div className={css.block}>
      <pre tabIndex={0} role="group" aria-label={what}>{cut}</pre>
      <CopyButton text={text} what={what} />
      {all.length > lines && (
        <button type="button" className={css.fold} aria-expanded={open} onClick={() => { setOpen(!open); }}>
          {open ? 'less' : `all ${all.length.toLocaleString('en')} lines`}
        </button>
      )}
    </div>
  );
}
