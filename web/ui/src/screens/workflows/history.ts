// What was done, to be undone and done again. Changes under one tag, one after the other, are one step.
import { useCallback, useReducer } from 'react';
import type { Draft } from './model';

interface Past {
  before: Draft[];
  now: Draft;
  after: Draft[];
  tag: string | undefined;
}

export type Step = { do: 'edit'; make: (draft: Draft) => Draft; tag: string | undefined } | { do: 'undo' } | { do: 'redo' } | { do: 'begin'; draft: Draft };

const kept = 200;

export function step(past: Past, next: Step): Past {
  if (next.do === 'begin') return { before: [], now: next.draft, after: [], tag: undefined };
  if (next.do === 'undo') {
    const last = past.before.at(-1);
    return last ? { before: past.before.slice(0, -1), now: last, after: [past.now, ...past.after], tag: undefined } : past;
  }
  if (next.do === 'redo') {
    const [first, ...rest] = past.after;
    return first ? { before: [...past.before, past.now], now: first, after: rest, tag: undefined } : past;
  }
  const now = next.make(past.now);
  if (now === past.now) return past;
  const goesOn = next.tag !== undefined && next.tag === past.tag;
  return { before: goesOn ? past.before : [...past.before, past.now].slice(-kept), now, after: [], tag: next.tag };
}

export interface History {
  draft: Draft;
  edit: (make: (draft: Draft) => Draft, tag?: string) => void;
  undo: () => void;
  redo: () => void;
  begin: (draft: Draft) => void;
  canUndo: boolean;
  canRedo: boolean;
}

export function useHistory(first: Draft): History {
  const [past, dispatch] = useReducer(step, { before: [], now: first, after: [], tag: undefined });
  const edit = useCallback((make: (draft: Draft) => Draft, tag?: string) => { dispatch({ do: 'edit', make, tag }); }, []);
  const undo = useCallback(() => { dispatch({ do: 'undo' }); }, []);
  const redo = useCallback(() => { dispatch({ do: 'redo' }); }, []);
  const begin = useCallback((draft: Draft) => { dispatch({ do: 'begin', draft }); }, []);
  return { draft: past.now, edit, undo, redo, begin, canUndo: past.before.length > 0, canRedo: past.after.length > 0 };
}
