// What the server finds in a text, a moment after it was written.
import { useEffect, useState } from 'react';
import { api } from '../../api/client';
import type { RowEvent, ScriptCheck } from '../../api/types';
import type { Finding } from './code-editor';

export type Kind = 'filter' | 'transform';

/** The findings in `source`; the columns of the event's table are known to the check. [] until the first answer. */
export function useFindings(name: string, source: string, kind: Kind, event: RowEvent | undefined, when: boolean): Finding[] {
  const [findings, setFindings] = useState<Finding[]>([]);
  const table = event?.table ?? undefined;
  const from = table === undefined ? undefined : event?.source;
  useEffect(() => {
    if (!when) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      const body = { source, kind, ...(name === '' ? {} : { name }), ...(from === undefined ? {} : { event_source: from, table }) };
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
  }, [name, source, kind, from, table, when]);
  return findings;
}
