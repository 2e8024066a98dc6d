// Somebody saved the trigger meanwhile: what differs, and the choice.
import { path } from '../../api/client';
import { writeJson, type JsonRecord, type JsonValue } from '../../api/json';
import { useDocument } from '../../api/queries';
import type { Trigger } from '../../api/types';
import { Note, ProblemBox } from '../../parts/notice';
import { differences } from './draft';
import css from './triggers.module.css';

interface Props {
  id: number;
  mine: JsonRecord;
  seen: Trigger; // what mine was made from
  onTheirs: (theirs: Trigger, etag: string | undefined) => void; // go on from theirs
  onMine: (theirs: Trigger, etag: string | undefined) => void; // keep mine, over theirs
}

export function Conflict({ id, mine, seen, onTheirs, onMine }: Props) {
  const now = useDocument<Trigger>(['triggers', String(id), `after-${seen.revision}`], path`/triggers/${id}`);
  if (now.error) return <ProblemBox error={now.error} />;
  if (!now.data) return null;
  const { body: theirs, etag } = now.data;
  const text = (value: JsonValue | undefined) => (value === undefined ? <span className="muted">absent</span> : typeof value === 'string' ? value : writeJson(value));
  return (
    <Note tone="warn">
      <div className="stack">
        <p><strong>Somebody changed this trigger meanwhile</strong> (revision {theirs.revision}; yours began with {seen.revision}). Nothing was overwritten.</p>
        <table className={css.changes}>
          <thead><tr><th scope="col">Setting</th><th scope="col">Stored now</th><th scope="col">Yours</th></tr></thead>
          <tbody>{differences(theirs as unknown as JsonRecord, mine).map((each) => <tr key={each.name}><th scope="row" className="mono">{each.name}</th><td>{text(each.theirs)}</td><td>{text(each.mine)}</td></tr>)}</tbody>
        </table>
        <div className="row">
          <button type="button" onClick={() => { onMine(theirs, etag); }}>Keep mine, to save over it</button>
          <button type="button" onClick={() => { onTheirs(theirs, etag); }}>Go on from what is stored</button>
        </div>
      </div>
    </Note>
  );
}
