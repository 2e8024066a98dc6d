import { useCallback, useEffect, useRef, useState } from 'react';
import { sameJson, type JsonValue } from '../../api/json';
import type { RowEvent } from '../../api/types';
import { link } from '../../live/socket';
import type { FilterValues } from '../../parts/filters';
import { emptyTail, release, takeIn, type Tail } from './tail';

const every = 250; // milliseconds between drawings

function isKey(recordId: JsonValue | undefined, wanted: string | undefined): boolean {
  if (wanted === undefined || recordId === undefined) return wanted === undefined;
  return String(recordId) === wanted || sameJson(recordId, wanted) || JSON.stringify(recordId) === wanted;
}

export interface LiveTail extends Tail {
  missed: string | undefined; // why the engine could not hand over everything
  show: () => void; // what was held back
}

/** Events that match the filters, as they are journaled. Held back while `paused`. */
export function useTail(filters: FilterValues, paused: boolean, live: boolean): LiveTail {
  const [tail, setTail] = useState<Tail>(emptyTail);
  const [missed, setMissed] = useState<string | undefined>();
  const arrived = useRef<RowEvent[]>([]);
  const isPaused = useRef(paused);
  useEffect(() => { isPaused.current = paused; });
  const { source = '', event_type: type = '', table = '', record_id: key } = filters;

  useEffect(() => {
    setTail(emptyTail);
    setMissed(undefined);
    arrived.current = [];
    if (!live) return;
    const conditions = Object.fromEntries([['source', source], ['event_type', type], ['table', table]].filter(([, value]) => value !== ''));
    const end = link.subscribe({
      topic: 'events', filter: conditions,
      on: (params) => {
        const event = params['event'] as unknown as RowEvent;
        if (isKey(event.record_id, key)) arrived.current.push(event);
      },
      missed: setMissed,
    });
    const timer = setInterval(() => {
      if (arrived.current.length === 0) return;
      const batch = arrived.current;
      arrived.current = [];
      setTail((before) => takeIn(before, batch, isPaused.current, every));
    }, every);
    return () => {
      end();
      clearInterval(timer);
    };
  }, [source, type, table, key, live]);

  useEffect(() => { if (!paused) setTail(release); }, [paused]);
  const show = useCallback(() => { setTail(release); }, []);
  return { ...tail, missed, show };
}
