// Retry or discard several dead letters: the count first, and what cannot be undone said once.
import { useState } from 'react';
import { api, type Problem } from '../../api/client';
import { useAction, useMay } from '../../api/queries';
import type { BulkAnswer } from '../../api/types';
import { Note, ProblemBox } from '../../parts/notice';
import { counted } from '../../parts/time';
import css from './executions.module.css';

interface Props {
  picked: number; // rows that are picked
  ids: string[]; // those of them that are dead letters
  onDone: () => void;
}

export function BulkBar({ picked, ids, onDone }: Props) {
  return (
    <div className={css.bulk} role="region" aria-label="Picked executions">
      <span>{counted(picked, 'execution')} picked{ids.length < picked && `, ${ids.length === 0 ? 'none of them a dead letter' : `${ids.length} of them dead letters`}`}</span>
      {ids.length > 0 && <BulkButtons ids={ids} onDone={onDone} />}
      <span className="grow" />
      <button type="button" className="plain" onClick={onDone}>Pick none</button>
    </div>
  );
}

/** "Retry 312 executions" and "Discard 312 executions", the latter asked about once more. */
export function BulkButtons({ ids, onDone }: { ids: string[]; onDone?: () => void }) {
  const [sure, setSure] = useState(false);
  const mayOperate = useMay('operator');
  const [answer, setAnswer] = useState<string | undefined>();
  const act = useAction<'retry' | 'discard', BulkAnswer>((verb) => api.post(`/dead-letters/${verb}`, { ids: ids.slice(0, 10_000) }), 'executions');
  const run = (verb: 'retry' | 'discard') => {
    act.mutate(verb, {
      onSuccess: (result) => {
        setSure(false);
        const done = result.retried ?? result.discarded ?? 0;
        if (result.failed.length > 0) setAnswer(`${counted(done, 'execution')} ${verb === 'retry' ? 'retried' : 'discarded'}, ${result.failed.length} not: ${result.failed[0]?.detail ?? ''}`);
        else onDone?.();
      },
    });
  };
  if (!mayOperate) return <span className="muted">Retrying needs the role operator.</span>;
  return (
    <>
      {sure ? (
        <span className="row">
          <strong>Discarding cannot be undone.</strong>
          <button type="button" className="danger" disabled={act.isPending} onClick={() => { run('discard'); }}>Discard {counted(ids.length, 'execution')}</button>
          <button type="button" onClick={() => { setSure(false); }}>Keep them</button>
        </span>
      ) : (
        <span className="row">
          <button type="button" disabled={act.isPending} onClick={() => { run('retry'); }}>Retry {counted(ids.length, 'execution')}</button>
          <button type="button" className="danger" disabled={act.isPending} onClick={() => { setSure(true); }}>Discard {counted(ids.length, 'execution')}…</button>
        </span>
      )}
      {act.error && <ProblemBox error={act.error satisfies Problem} />}
      {answer && <Note tone="warn">{answer}</Note>}
    </>
  );
}
