// What the script was: who saved which text when, how it differs from the one in force, and the way back.
import { useSearchParams } from 'wouter';
import { api, path, type Reply } from '../../api/client';
import { useAction, useList, useMay } from '../../api/queries';
import type { Script, ScriptVersion } from '../../api/types';
import { CodeDiff } from '../../code/code-editor';
import { Note, ProblemBox } from '../../parts/notice';
import { Part } from '../../parts/pane';
import { counted, RelativeTime } from '../../parts/time';
import css from './scripts.module.css';

interface Props {
  name: string;
  stored: { source: string; revision: number; etag: string | undefined } | undefined; // in force; undefined: it was removed
  dirty: boolean; // what stands in the editor is not saved
  onTake: (text: string) => void; // puts it into the editor
  onRestored: (saved: Reply<Script>) => void;
}

export function Versions({ name, stored, dirty, onTake, onRestored }: Props) {
  const [params, setParams] = useSearchParams();
  const found = useList<ScriptVersion>(['versions', name, stored?.revision], path`/scripts/${name}/versions`, {}, { limit: 100 });
  const open = Number(params.get('version'));
  const choose = (revision: number) => {
    setParams((before) => {
      const next = new URLSearchParams(before);
      if (revision === open) next.delete('version');
      else next.set('version', String(revision));
      return next;
    }, { replace: true });
  };
  return (
    <Part title="Versions">
      {found.error && <ProblemBox error={found.error} />}
      <ul className={css.versions} aria-label="Versions">
        {found.items.map((each) => (
          <li key={each.revision}>
            <button type="button" aria-expanded={each.revision === open} onClick={() => { choose(each.revision); }}>
              <strong>{each.revision}</strong>
              <span className="truncate">{each.updated_by ?? 'somebody'}{each.restored_from !== null && <span className="muted"> brought {each.restored_from} back</span>}{each.in_force && <span className="muted"> in force</span>}</span>
              <RelativeTime at={each.created_at} />
            </button>
            {each.revision === open && <Version version={each} newest={found.items[0]?.revision ?? each.revision} {...{ name, stored, dirty, onTake, onRestored }} />}
          </li>
        ))}
      </ul>
    </Part>
  );
}

function eventsOf({ from_seq: from, until_seq: until }: ScriptVersion): string {
  if (until === null) return `It holds for every event after ${from}.`;
  return until - from <= 0 ? 'No event came while it was in force.' : `It held for ${counted(until - from, 'event')}, ${from + 1} to ${until}.`;
}

function Version({ name, version, newest, stored, dirty, onTake, onRestored }: Props & { version: ScriptVersion; newest: number }) {
  const mayWrite = useMay('author');
  const back = useAction<undefined, Reply<Script>>(() => api.postReply<Script>(path`/scripts/${name}/rollback`, { revision: version.revision }, stored?.etag), 'scripts', 'versions');
  const same = stored?.source === version.source;
  return (
    <div className="stack">
      <p className="muted">{eventsOf(version)}</p>
      {version.in_force ? null : same ? <p>Its text is the same as that of the revision in force.</p> : <CodeDiff label={`What a roll-back to revision ${version.revision} changes`} before={stored?.source ?? ''} after={version.source} />}
      {mayWrite && !version.in_force && !same && (
        <>
          <div className="row">
            <button type="button" disabled={dirty || back.isPending} onClick={() => { back.mutate(undefined, { onSuccess: onRestored }); }}>{stored ? `Roll back to revision ${version.revision}` : `Bring it back as revision ${version.revision} was`}</button>
            {stored && <button type="button" className="plain" onClick={() => { onTake(version.source); }}>Only put it into the editor</button>}
          </div>
          {dirty ? <Note tone="warn">What stands in the editor is not saved: save it, or undo it, before rolling back.</Note> : <p className="muted">Makes revision {newest + 1} with this text, in force for the next event. What runs already ends with the text it began with, and no revision is lost.</p>}
        </>
      )}
      {back.error && <ProblemBox error={back.error} />}
    </div>
  );
}
