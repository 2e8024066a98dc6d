// What the server finds in Lua, a moment after it was written.
import { useEffect, useState } from 'react';
import { api } from '../api/client';
import type { ScriptCheck } from '../api/types';

export type Kind = 'filter' | 'transform';
export type Finding = ScriptCheck['problems'][number];

export interface Checked {
  text: string;
  name?: string; // of a stored script
  kind?: Kind | undefined;
  source?: string | undefined; // whose tables' columns the check knows
  table?: string | undefined; // a glob: only those of these
}

/** The findings; [] until the first answer. */
export function useFindings({ text, name = '', kind, source, table }: Checked, when: boolean): Finding[] {
  const [findings, setFindings] = useState<Finding[]>([]);
  useEffect(() => {
    if (!when) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      const body = { source: text, ...(kind ? { kind } : {}), ...(name === '' ? {} : { name }), ...(source ? { event_source: source, ...(table ? { table } : {}) } : {}) };
      api.post<ScriptCheck>('/scripts/check', body, stop.signal).then((answer) => {
        const { error, problems } = answer;
        // What does not compile is an error without a place among the problems.
        const rest: Finding[] = error && !problems.some((each) => each.severity === 'error') ? [{ severity: 'error', line: error.line ?? 1, column: error.column ?? 1, message: error.message }] : [];
        setFindings([...rest, ...problems]);
      }, () => undefined); // silence is shown by the frame; the next change asks again
    }, 200);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [name, text, kind, source, table, when]);
  return when ? findings : none;
}

const none: Finding[] = [];

/** Where the server's words about a condition point to: "column 12: expected …" counts bytes from 1. */
export function placeIn(text: string, problem: string): Finding[] {
  const [, column] = /\bcolumn (\d+):/.exec(problem) ?? [];
  if (column === undefined) return none;
  const before = new TextDecoder().decode(new TextEncoder().encode(text).slice(0, Number(column) - 1)).split('\n');
  return [{ severity: 'error', line: before.length, column: (before.at(-1)?.length ?? 0) + 1, message: problem }];
}
