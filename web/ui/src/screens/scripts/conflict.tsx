// Somebody saved the script meanwhile: what differs, and the choice.
import { path } from '../../api/client';
import { useDocument } from '../../api/queries';
import type { Script } from '../../api/types';
import { CodeDiff } from '../../code/code-editor';
import { Note, ProblemBox } from '../../parts/notice';
import type { Base } from './workbench';

interface Props {
  name: string;
  mine: string;
  revision: number | undefined; // that mine was made from; undefined: mine was to be a new one
  onKeep: (theirs: Base) => void; // keep mine, to save over theirs
  onTheirs: (theirs: Base) => void;
}

export function Conflict({ name, mine, revision, onKeep, onTheirs }: Props) {
  const now = useDocument<Script>(['scripts', name, 'conflict', revision], path`/scripts/${name}`);
  if (now.error) return <ProblemBox error={now.error} />;
  if (!now.data) return null;
  const { body, etag } = now.data;
  const theirs = { source: body.source, revision: body.revision, etag };
  return (
    <Note tone="warn">
      <div className="stack">
        <p>
          {revision === undefined ? <strong>There is a script of that name already</strong> : <strong>{body.updated_by ?? 'Somebody'} saved revision {body.revision} meanwhile</strong>}
          {revision !== undefined && `; yours began with ${revision}`}. Nothing was overwritten. From what is stored to yours:
        </p>
        <CodeDiff label={`What differs from revision ${body.revision}`} before={body.source} after={mine} />
        <div className="row">
          <button type="button" onClick={() => { onKeep(theirs); }}>Keep mine, to save over it</button>
          <button type="button" onClick={() => { onTheirs(theirs); }}>Take what is stored</button>
        </div>
      </div>
    </Note>
  );
}
