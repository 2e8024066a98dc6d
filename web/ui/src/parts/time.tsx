// Times relative, the exact one on hover and focus; durations with units.
import { useSyncExternalStore } from 'react';

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

// One clock for all times on the page: they move together, once a second.
function onTick(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

export function relativeTime(then: number, at: number): string {
  const seconds = Math.round((at - then) / 1_000);
  const size = Math.abs(seconds);
  const text =
    size < 2 ? 'now'
    : size < 60 ? `${size} s`
    : size < 3_600 ? `${Math.floor(size / 60)} min`
    : size < 86_400 ? `${Math.floor(size / 3_600)} h`
    : `${Math.floor(size / 86_400)} d`;
  if (text === 'now') return text;
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}

export function exactTime(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : `${time.toLocaleString()} (${at})`;
}

export function RelativeTime({ at }: { at: string | null | undefined }) {
  const current = useSyncExternalStore(onTick, () => now);
  if (!at) return <span className="muted">–</span>;
  const then = Date.parse(at);
  if (Number.isNaN(then)) return <span className="mono">{at}</span>;
  return <time dateTime={at} title={exactTime(at)}>{relativeTime(then, Math.max(current, then - 500))}</time>;
}

// A number that the server wrote as `1.0` comes as an exact one (api/json.ts), which has no toFixed(): measurements need no such digits.
const plain = (value: number | null | undefined): number | undefined => (value === null || value === undefined ? undefined : Number(value));

export function durationText(given: number | null | undefined): string {
  const milliseconds = plain(given);
  if (milliseconds === undefined) return '–';
  if (milliseconds < 1) return `${Math.round(milliseconds * 1000)} µs`;
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1_000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
  if (milliseconds < 3_600_000) return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1_000)} s`;
  return `${Math.floor(milliseconds / 3_600_000)} h ${Math.round((milliseconds % 3_600_000) / 60_000)} min`;
}

/** How far a source is behind its database. */
export function lagText(seconds: number | null): string {
  if (seconds === null) return 'lag unknown';
  return seconds < 0.001 ? 'up to date' : `${durationText(seconds * 1000)} behind`;
}

export function bytesText(given: number | null | undefined): string {
  const bytes = plain(given);
  if (bytes === undefined) return '–';
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let size = bytes / 1024;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size.toFixed(size < 10 ? 1 : 0)} ${units[unit] ?? ''}`;
}

export function countText(count: number | undefined): string {
  return plain(count)?.toLocaleString('en') ?? '–';
}
/** "1 execution", "312 executions". */
export function counted(count: number, one: string, many = one + 's'): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}
