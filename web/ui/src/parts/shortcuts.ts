// Keys of the whole page. A component says which keys it takes and what for; the list behind `?` is what is taken now.
import { useEffect, useRef, useSyncExternalStore } from 'react';

export interface Shortcut {
  keys: string; // "j", "g e" (one after the other), "ctrl+k", "enter", "escape"
  label: string;
  group: string; // heading in the list: "Go to", "Lists", ...
}

interface Taken extends Shortcut {
  run: () => void;
}

let taken: Taken[] = [];
let listed: Shortcut[] = [];
const listeners = new Set<() => void>();
let pending = '';
let pendingTimer: ReturnType<typeof setTimeout> | undefined;

function publish(next: Taken[]): void {
  taken = next;
  listed = next.map(({ keys, label, group }) => ({ keys, label, group }));
  for (const listener of listeners) listener();
}

export function keyName(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey'>): string {
  const key = event.key.length === 1 ? event.key : event.key.toLowerCase();
  return event.ctrlKey || event.metaKey ? 'ctrl+' + key.toLowerCase() : key;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest('[data-own-keys]')) return true;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'range'].includes(target.type);
  return ['TEXTAREA', 'SELECT'].includes(target.tagName);
}

function find(keys: string): Taken | undefined {
  return taken.findLast((each) => each.keys === keys); // the one added last is the innermost
}

function onKey(event: KeyboardEvent): void {
  if (event.altKey || event.defaultPrevented) return;
  const key = keyName(event);
  const always = key.startsWith('ctrl+') || key === 'escape';
  if (isTyping(event.target) && !always) return;
  // Enter and space belong to the button or link that has the focus.
  if (key === 'enter' && event.target instanceof HTMLElement && event.target.closest('a, button, summary')) return;
  const both = pending ? `${pending} ${key}` : key;
  const shortcut = find(both) ?? find(key);
  clearTimeout(pendingTimer);
  pending = '';
  if (shortcut) {
    event.preventDefault();
    shortcut.run();
  } else if (taken.some((each) => each.keys.startsWith(key + ' '))) {
    pending = key;
    pendingTimer = setTimeout(() => { pending = ''; }, 1_000);
  }
}

/** Call once. */
export function listenForKeys(): void {
  document.addEventListener('keydown', onKey);
}

/** Takes keys while the component is there and `when` holds. */
export function useShortcut(keys: string, label: string, group: string, run: () => void, when = true): void {
  const latest = useRef(run);
  useEffect(() => { latest.current = run; });
  useEffect(() => {
    if (!when) return;
    const mine: Taken = { keys, label, group, run: () => { latest.current(); } };
    publish([...taken, mine]);
    return () => { publish(taken.filter((each) => each !== mine)); };
  }, [keys, label, group, when]);
}

export function useShortcutList(): Shortcut[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => { listeners.delete(listener); };
    },
    () => listed,
  );
}
