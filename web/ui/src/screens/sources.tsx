import { useLocation, Link } from 'wouter';
import { api, path } from '../api/client';
import { useAction, useList, useMay, useRead } from '../api/queries';
import type { RowEvent, Source } from '../api/types';
import { CodeBlock, Id, Remedy } from '../parts/copy';
import { Doctor } from '../parts/doctor';
import { Icon } from '../parts/icon';
import { Empty, Note, ProblemBox } from '../parts/notice';
import { Facts, Pane, Part, Split } from '../parts/pane';
import { Screen, useOpened } from '../parts/screen';
import { Status } from '../parts/status';
import { DataTable, type Column } from '../parts/table';
import { bytesText, countText, lagText, RelativeTime } from '../parts/time';

const columns: Column<Source>[] = [
  { key: 'state', title: 'State', width: '116px', narrow: true, sort: (each) => each.state, render: (each) => <Status of="source" state={each.state} /> },
  { key: 'name', title: 'Name', width: 'minmax(120px, 1fr)', narrow: true, sort: (each) => each.name, render: (each) => each.name },
  { key: 'lag', title: 'Lag', width: '110px', number: true, narrow: true, sort: (each) => each.lag_seconds ?? -1, render: (each) => lagText(each.lag_seconds) },
  { key: 'bytes', title: 'Bytes behind', width: '110px', number: true, sort: (each) => each.lag_bytes ?? -1, render: (each) => bytesText(each.lag_bytes) },
  { key: 'reason', title: 'Reason', width: 'minmax(120px, 2fr)', render: (each) => each.reason && <span title={each.reason}>{each.reason}</span> },
  { key: 'position', title: 'Position', width: 'minmax(100px, 1fr)', render: (each) => <span className="mono muted">{each.position}</span> },
];

const meanings: Record<Source['state'], string> = {
  running: 'Every committed change arrives in the journal.',
  degraded: 'Changes arrive late, or not yet. It tries again by itself.',
  gap: 'Changes may be missing. A capture_gap event says which, and what to do.',
  failed: 'Nothing is captured until the reason is mended; it tries again by itself.',
  paused: 'Somebody paused it. The database keeps what happens until it goes on.',
};

export default function Sources() {
  const [, go] = useLocation();
  const opened = useOpened();
  const list = useList<Source>(['sources'], '/sources', {}, { every: 2_000 });
  return (
    <Screen title="Sources" count={countText(list.total)}>
      {list.error && <ProblemBox error={list.error} />}
      <Split
        list={
          <DataTable
            name="sources" label="Sources" rows={list.items} columns={columns} rowKey={(each) => each.name} openKey={opened} onEnd={list.more}
            onOpen={(each) => { go(`/sources/${encodeURIComponent(each.name)}`); }}
            empty={list.loading ? null : <NoSource />}
          />
        }
        pane={opened === undefined ? null : <SourcePane key={opened} name={opened} />}
      />
    </Screen>
  );
}

function SourcePane({ name }: { name: string }) {
  const found = useRead<Source>(['sources', name], path`/sources/${name}`, {}, { every: 2_000 });
  const gaps = useList<RowEvent>(['events', 'gaps', name], '/events', { source: name, event_type: 'capture_gap' }, { limit: 5 });
  const errors = useList<RowEvent>(['events', 'errors', name], '/events', { source: name, event_type: 'database_error' }, { limit: 5 });
  const source = found.data;
  const troubles = [...gaps.items, ...errors.items].sort((a, b) => b.seq - a.seq);
  return (
    <Pane title={name} label={`Source ${name}`} closeTo="/sources" tools={source && <Status of="source" state={source.state} />}>
      {found.error && <ProblemBox error={found.error} onRetry={() => void found.refetch()} />}
      {source && (
        <>
          <Note tone={source.state === 'running' ? 'good' : source.state === 'paused' ? 'idle' : source.state === 'degraded' ? 'warn' : 'bad'}>
            <p>{source.reason ?? meanings[source.state]}</p>
            {source.reason && <p className="muted">{meanings[source.state]}</p>}
          </Note>
          {source.remedy && <Part title="What mends it"><Remedy text={source.remedy} /></Part>}
          <PauseButton source={source} />
          <Part title="Where it stands">
            <Facts
              facts={[
                ['Lag', lagText(source.lag_seconds)],
                ['Bytes behind', bytesText(source.lag_bytes)],
                ['Position', source.position ? <Id key="position" id={source.position} what="the position" /> : '–'],
              ]}
            />
          </Part>
          {troubles.length > 0 && (
            <Part title="Gaps and errors">
              <ul className="stack">
                {troubles.map((event) => (
                  <li key={event.event_id}><Link href={`/events/${encodeURIComponent(event.event_id)}`}>{event.event_type === 'capture_gap' ? 'Gap' : 'Error'}</Link> <RelativeTime at={event.timestamp} /> <span className="muted">{String(event['reason'] ?? event['error_message'] ?? '')}</span></li>
                ))}
              </ul>
            </Part>
          )}
          <div className="row"><Link href={`/events?source=${encodeURIComponent(name)}`}>Its events</Link><Link href={`/triggers?source=${encodeURIComponent(name)}`}>Its triggers</Link></div>
          <Doctor name={name} />
        </>
      )}
    </Pane>
  );
}

function PauseButton({ source }: { source: Source }) {
  const mayOperate = useMay('operator');
  const verb = source.state === 'paused' ? 'resume' : 'pause';
  const act = useAction((each: 'pause' | 'resume') => api.post(path`/sources/${source.name}/` + each), 'sources', 'health');
  if (!mayOperate) return null;
  return (
    <>
      <div className="row">
        <button type="button" disabled={act.isPending} onClick={() => { act.mutate(verb); }}><Icon name={verb === 'pause' ? 'pause' : 'play'} size={14} />{verb === 'pause' ? 'Pause capture' : 'Go on'}</button>
        {verb === 'pause' && <span className="muted">Nothing is lost: the database keeps what happens until capture goes on.</span>}
      </div>
      {act.error && <ProblemBox error={act.error} />}
    </>
  );
}

function NoSource() {
  return (
    <Empty title="No source is configured">
      <p>A source is a connection of the configuration and the tables that are watched in it. This one watches a table of a PostgreSQL database through logical replication:</p>
      <CodeBlock
        what="the configuration"
        text={'{ "connections": [ { "name": "shop", "type": "postgresql", "host": "localhost", "database": "shop",\n                     "username": "rowhook", "password": "${SHOP_PASSWORD}",\n                     "monitoring": { "method": "log_based" } } ],\n  "tables": [ { "connection": "shop", "table": "orders" } ] }'}
      />
      <p>Then <code>rowhook doctor --config FILE</code> says what the database still lacks, with the SQL to run.</p>
    </Empty>
  );
}
