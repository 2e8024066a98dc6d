// Lua that triggers and nodes name: the list, and the editor of one.
import { Link, useLocation, useSearchParams } from 'wouter';
import { useList, useMay } from '../../api/queries';
import type { Script } from '../../api/types';
import { CodeBlock } from '../../parts/copy';
import { Icon } from '../../parts/icon';
import { Empty, ProblemBox } from '../../parts/notice';
import { Screen, useOpened } from '../../parts/screen';
import { useShortcut } from '../../parts/shortcuts';
import { DataTable, type Column } from '../../parts/table';
import { bytesText, countText, durationText, RelativeTime } from '../../parts/time';
import { OpenScript, NewScript } from './script-page';

const columns: Column<Script>[] = [
  { key: 'name', title: 'Name', width: 'minmax(160px, 1fr)', narrow: true, narrowWidth: 'minmax(0, 1fr)', sort: (each) => each.name, render: (each) => <span className="mono">{each.name}</span> },
  { key: 'about', title: 'Begins with', width: 'minmax(160px, 3fr)', render: (each) => <span className="mono muted">{each.source.trim().split('\n')[0]}</span> },
  { key: 'lines', title: 'Lines', width: '64px', number: true, sort: (each) => each.source.split('\n').length, render: (each) => each.source.trimEnd().split('\n').length },
  { key: 'calls', title: 'Calls', width: '80px', number: true, sort: (each) => each.cost.calls, render: (each) => countText(each.cost.calls) },
  { key: 'failed', title: 'Failed', width: '72px', number: true, sort: (each) => each.cost.errors, render: (each) => <span className={each.cost.errors > 0 ? 'bad' : 'muted'}>{countText(each.cost.errors)}</span> },
  { key: 'p99', title: 'p99', width: '76px', number: true, sort: (each) => each.cost.p99_ms, render: (each) => (each.cost.calls === 0 ? <span className="muted">–</span> : durationText(each.cost.p99_ms)) },
  { key: 'memory', title: 'Memory', width: '80px', number: true, optional: true, sort: (each) => each.cost.memory_bytes, render: (each) => bytesText(each.cost.memory_bytes) },
  { key: 'revision', title: 'Revision', width: '76px', number: true, sort: (each) => each.revision, render: (each) => each.revision },
  { key: 'by', title: 'Changed by', width: '120px', sort: (each) => each.updated_by ?? '', render: (each) => each.updated_by },
  { key: 'changed', title: 'Changed', width: '88px', narrow: true, sort: (each) => each.updated_at, render: (each) => <RelativeTime at={each.updated_at} /> },
];

export default function Scripts() {
  const opened = useOpened();
  const [params] = useSearchParams();
  if (opened !== undefined) return <OpenScript key={opened} name={opened} />;
  if (params.has('new')) return <NewScript />;
  return <ScriptList />;
}

function ScriptList() {
  const [, go] = useLocation();
  const mayWrite = useMay('author');
  const list = useList<Script>(['scripts'], '/scripts', {}, { every: 5_000 });
  useShortcut('n', 'New script', 'Scripts', () => { go('/scripts?new=1'); }, mayWrite);
  return (
    <Screen
      title="Scripts" count={countText(list.total)}
      tools={mayWrite && <><span className="grow" /><Link href="/scripts?new=1" className="button"><Icon name="plus" size={14} />New script</Link></>}
    >
      {list.error && <ProblemBox error={list.error} />}
      <DataTable
        name="scripts" label="Scripts" rows={list.items} columns={columns} rowKey={(each) => each.name} onEnd={list.more}
        onOpen={(each) => { go(`/scripts/${encodeURIComponent(each.name)}`); }}
        empty={list.loading ? null : <NoScript mayWrite={mayWrite} />}
      />
    </Screen>
  );
}

function NoScript({ mayWrite }: { mayWrite: boolean }) {
  return (
    <Empty title="No script yet">
      <p>A script is Lua that decides whether an event passes (a filter), or makes what a workflow starts with (a transform). Triggers and nodes name it, so that one text serves many.</p>
      <CodeBlock what="a filter" text={'-- only orders that were just paid\nreturn new.status == "paid" and old.status ~= "paid"'} />
      {mayWrite && <p><Link href="/scripts?new=1">Write the first one</Link>, and run it against a change that really happened.</p>}
    </Empty>
  );
}
