// What saving would change, before it does; and what to do when somebody else saved meanwhile.
import { useState } from 'react';
import { api, path, Problem } from '../../api/client';
import { isRecord, type JsonValue } from '../../api/json';
import { useAction, useChanged } from '../../api/queries';
import type { Workflow } from '../../api/types';
import { Note, ProblemBox } from '../../parts/notice';
import { Part } from '../../parts/pane';
import { Status } from '../../parts/status';
import { Value } from '../../parts/value';
import { counted } from '../../parts/time';
import { drawn } from './layout';
import { changesOf, hidden, rebase, type Change, type Draft } from './model';
import type { Editing } from './editing';
import css from './workflows.module.css';

interface Base {
  draft: Draft;
  etag: string | undefined;
}

interface Props {
  id: string;
  base: Base;
  theirs: (Workflow & { revision: number }) | undefined;
  dirty: boolean;
  editing: Editing;
  onBase: (base: Base) => void;
  begin: (draft: Draft) => void;
}

export function SavePanel({ id, base, theirs, dirty, editing, onBase, begin }: Props) {
  const { draft, mayWrite, faults, types } = editing;
  const changed = useChanged();
  const [saved, setSaved] = useState(false);
  const save = useAction((tag: string | undefined) => api.put<Workflow>(path`/workflows/${id}`, { id, ...draft }, tag), 'workflows');
  const submit = () => {
    save.mutate(base.etag, {
      onSuccess: (reply) => {
        const now = drawn(reply.body);
        onBase({ draft: now, etag: reply.etag });
        begin(now);
        setSaved(true);
      },
    });
  };
  const conflict = save.error instanceof Problem && save.error.status === 412;
  const wrong = [...faults.nodes.values()].flat().length + faults.rest.length;
  const secrets = new Set(types.flatMap((type) => Object.entries((type.config['properties'] ?? {}) as Record<string, { writeOnly?: boolean }>).filter(([, each]) => each.writeOnly).map(([name]) => name)));
  return (
    <section aria-label="Changes" className={css.panel}>
      <h2 className="sr-only">Changes</h2>
      {theirs && dirty && <Conflict base={base.draft} mine={draft} theirs={drawn(theirs)} etag={`"${theirs.revision}"`} secrets={secrets} onBase={onBase} begin={begin} editing={editing} />}
      {conflict && !theirs && <Note tone="warn"><p>Somebody else saved this workflow meanwhile. Nothing was overwritten. <button type="button" onClick={() => void changed('workflows')}>Show what they changed</button></p></Note>}
      {!dirty && <Note tone={saved ? 'good' : 'idle'}><p>{saved ? 'Saved. What starts from now on runs this.' : 'Nothing was changed.'}</p></Note>}
      {dirty && (
        <>
          <Part title="What saving changes"><ChangeList changes={changesOf(base.draft, draft)} secrets={secrets} /></Part>
          {wrong > 0 && <Note tone="bad"><p>{counted(wrong, 'fault')} to mend first: at the nodes, on the canvas and in the outline.</p></Note>}
          {save.error && !conflict && <ProblemBox error={save.error} />}
          {mayWrite && (
            <div className="row">
              <button type="button" className="primary" disabled={save.isPending || theirs !== undefined || wrong > 0} onClick={submit}>Save</button>
              <button type="button" className="danger" onClick={() => { begin(base.draft); }}>Discard changes</button>
            </div>
          )}
        </>
      )}
    </section>
  );
}

interface ConflictProps {
  base: Draft;
  mine: Draft;
  theirs: Draft;
  etag: string;
  secrets: ReadonlySet<string>;
  onBase: (base: Base) => void;
  begin: (draft: Draft) => void;
  editing: Editing;
}

function Conflict({ base, mine, theirs, etag, secrets, onBase, begin, editing }: ConflictProps) {
  const both = rebase(base, mine, theirs);
  return (
    <div className={css.conflict} role="alert">
      <h2>Somebody else saved this workflow</h2>
      <Part title="What they changed"><ChangeList changes={changesOf(base, theirs)} secrets={secrets} /></Part>
      {both.both.length > 0 && <p>Both of you changed: <strong>{both.both.join(', ')}</strong>. There, bringing both together keeps yours.</p>}
      <div className="row">
        <button type="button" className="primary" onClick={() => { editing.edit(() => both.draft); onBase({ draft: theirs, etag }); }}>Bring both together</button>
        <button type="button" onClick={() => { begin(theirs); onBase({ draft: theirs, etag }); }}>Take theirs, drop mine</button>
        <button type="button" onClick={() => { onBase({ draft: theirs, etag }); }}>Keep mine, undo theirs</button>
      </div>
      <p className="muted">None of these saves; what saving would change is shown again first.</p>
    </div>
  );
}

/** Nothing that is secret, whether it is stored or was just typed. */
function masked(value: JsonValue, secrets: ReadonlySet<string>): JsonValue {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, secrets.has(name) ? hidden : each])) : value;
}

const words = { added: ['completed', 'Added'], removed: ['error', 'Removed'], changed: ['retrying', 'Changed'] } as const;

function ChangeList({ changes, secrets }: { changes: Change[]; secrets: ReadonlySet<string> }) {
  return (
    <ul className={css.changes}>
      {changes.map((each, index) => {
        const secret = each.member !== undefined && secrets.has(each.member);
        const [state, word] = words[each.what];
        return (
          <li key={index}>
            <div className="row"><Status state={state} word={word} /><strong>{each.place}</strong>{each.member && <code>{each.member}</code>}</div>
            {secret && <p className="muted">{each.after === undefined ? 'The secret is removed.' : each.before === hidden || each.before === undefined ? 'A new secret is set.' : 'The secret is changed.'}</p>}
            {!secret && each.before !== undefined && <div className={css.before}><span className="sr-only">Before: </span><Value value={masked(each.before, secrets)} copy={false} /></div>}
            {!secret && each.after !== undefined && <div className={css.after}><span className="sr-only">After: </span><Value value={masked(each.after, secrets)} copy={false} /></div>}
          </li>
        );
      })}
    </ul>
  );
}
