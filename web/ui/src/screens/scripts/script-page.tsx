// A script in the editor: a stored one with its ETag, or a new one that gets its name first.
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { path, Problem } from '../../api/client';
import { useDocument } from '../../api/queries';
import type { Script } from '../../api/types';
import { ProblemBox } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { UsedBy } from './users';
import { Versions } from './versions';
import { Workbench, type Base } from './workbench';

const beginning = '-- What it returns is what the workflow starts with; nil drops the event.\nreturn {\n  id = new.id,\n}\n';

export function NewScript() {
  const [, go] = useLocation();
  const [name, setName] = useState('');
  return (
    <Screen title="New script" tools={<Link href="/scripts">All scripts</Link>}>
      <Workbench name={name} onName={setName} start={{ text: beginning, base: undefined }} onSaved={(saved) => { go(`/scripts/${encodeURIComponent(saved.name)}`); }} onDeleted={() => undefined} />
    </Screen>
  );
}

// What was written and not saved stays until the page is left, with the revision it was made from.
const drafts = new Map<string, { text: string; base: Base | undefined }>();

export function OpenScript({ name }: { name: string }) {
  const [, go] = useLocation();
  const found = useDocument<Script>(['scripts', name], path`/scripts/${name}`);
  const stored = found.data;
  const kept = drafts.get(name);
  const start = kept ?? (stored ? { text: stored.body.source, base: { source: stored.body.source, revision: stored.body.revision, etag: stored.etag } } : undefined);
  return (
    <Screen title={name} tools={<Link href="/scripts">All scripts</Link>}>
      {found.error && !start && (
        <div className="screen-body stack">
          <ProblemBox error={found.error} onRetry={() => void found.refetch()} />
          {found.error instanceof Problem && found.error.status === 404 && <Versions name={name} stored={undefined} dirty={false} onTake={() => undefined} onRestored={() => void found.refetch()} />}
        </div>
      )}
      {start && (
        <Workbench
          name={name} start={start} about={<UsedBy name={name} />}
          onDraft={(text, base) => { if (text === base?.source) drafts.delete(name); else drafts.set(name, { text, base }); }}
          onSaved={() => undefined} onDeleted={() => { drafts.delete(name); go('/scripts'); }}
        />
      )}
    </Screen>
  );
}
