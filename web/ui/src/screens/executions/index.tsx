import { useMemo, useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { useList } from '../../api/queries';
import type { Execution } from '../../api/types';
import { FilterBar, useFilters, type FilterField } from '../../parts/filters';
import { Empty, ProblemBox } from '../../parts/notice';
import { Split } from '../../parts/pane';
import { Screen, useOpened } from '../../parts/screen';
import { Status } from '../../parts/status';
import { DataTable, type Column } from '../../parts/table';
import { countText, durationText, RelativeTime } from '../../parts/time';
import { ShortValue } from '../../parts/value';
import { BulkBar } from './bulk-bar';
import { ErrorGroups } from './error-groups';
import { ExecutionPane } from './execution-pane';

const columns: Column<Execution>[] = [
  { key: 'status', title: 'Status', width: '116px', narrow: true, narrowWidth: '108px', sort: (each) => each.status, render: (each) => <Status state={each.status} /> },
  { key: 'workflow', title: 'Workflow', width: 'minmax(120px, 1.4fr)', narrow: true, narrowWidth: 'minmax(0, 1fr)', sort: (each) => each.workflow_id, render: (each) => each.workflow_id },
  { key: 'table', title: 'Table', width: 'minmax(80px, 1fr)', sort: (each) => each.table ?? '', render: (each) => each.table ?? <span className="muted">{each.event_type ?? 'by hand'}</span> },
  { key: 'key', title: 'Key', width: 'minmax(48px, 0.6fr)', render: (each) => <ShortValue value={each.key} keys /> },
  { key: 'error', title: 'Error', width: 'minmax(120px, 2fr)', render: (each) => each.error_message && <span className="bad" title={each.error_message}>{each.error_message}</span> },
  { key: 'attempt', title: 'Attempt', width: '68px', number: true, sort: (each) => each.attempt, render: (each) => each.attempt },
  { key: 'time', title: 'Took', width: '76px', number: true, sort: (each) => each.execution_time_ms ?? 0, render: (each) => durationText(each.execution_time_ms) },
  { key: 'created', title: 'Began', width: '84px', narrow: true, narrowWidth: '64px', sort: (each) => each.created_at ?? '', render: (each) => <RelativeTime at={each.created_at} /> },
  { key: 'id', title: 'Id', width: '100px', optional: true, render: (each) => <span className="mono">{each.id}</span> },
  { key: 'trigger', title: 'Trigger', width: '72px', number: true, optional: true, render: (each) => each.trigger_id ?? '' },
];

const statuses = ['pending', 'running', 'retrying', 'completed', 'dead_letter', 'cancelled', 'discarded'];
const fields: FilterField[] = [
  { name: 'status', label: 'Status', choices: statuses.map((value) => ({ value, label: value.replace('_', ' ') })) },
  { name: 'workflow_id', label: 'Workflow' },
  { name: 'trigger_id', label: 'Trigger' },
  { name: 'source', label: 'Source' },
  { name: 'table', label: 'Table' },
  { name: 'error', label: 'Error' },
  { name: 'event_id', label: 'Event' },
  { name: 'from', label: 'From (RFC 3339)' },
  { name: 'to', label: 'To (RFC 3339)' },
];

const views: { name: string; is: (params: URLSearchParams) => boolean; to: string }[] = [
  { name: 'All', is: (params) => !params.get('status') && !params.get('view'), to: '/executions' },
  { name: 'Dead letters', is: (params) => params.get('status') === 'dead_letter' && !params.get('view'), to: '/executions?status=dead_letter' },
  { name: 'Errors', is: (params) => params.get('view') === 'errors', to: '/executions?status=dead_letter&view=errors' },
];

export default function Executions() {
  const [params] = useSearchParams();
  const [filters, setFilter] = useFilters(fields);
  const byError = params.get('view') === 'errors';
  return (
    <Screen
      title="Executions"
      tools={
        <>
          <nav aria-label="Views" className="row">
            {views.map((view) => <Link key={view.name} href={view.to} className="button" aria-current={view.is(params) ? 'page' : undefined}>{view.name}</Link>)}
          </nav>
          {!byError && <FilterBar fields={fields} values={filters} onChange={setFilter} />}
        </>
      }
    >
      {byError ? <ErrorGroups /> : <ExecutionList filters={filters} />}
    </Screen>
  );
}

function ExecutionList({ filters }: { filters: Record<string, string> }) {
  const [, go] = useLocation();
  const opened = useOpened();
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const list = useList<Execution>(['executions'], '/executions', filters, { every: 2_000 });
  const letters = useMemo(() => list.items.filter((each) => picked.has(each.id) && each.status === 'dead_letter').map((each) => each.id), [list.items, picked]);
  const filtered = Object.keys(filters).length > 0;
  return (
    <>
      {list.error && <ProblemBox error={list.error} />}
      {picked.size > 0 && <BulkBar picked={picked.size} ids={letters} onDone={() => { setPicked(new Set()); }} />}
      <Split
        list={
          <DataTable
            name="executions" label={`Executions, ${countText(list.total)}`} rows={list.items} columns={columns} rowKey={(each) => each.id} openKey={opened} onEnd={list.more}
            picked={picked} onPick={setPicked}
            onOpen={(each) => { go(`/executions/${encodeURIComponent(each.id)}${window.location.search}`); }}
            empty={list.loading ? null : filtered ? <NothingMatches status={filters['status']} /> : <NothingYet />}
          />
        }
        pane={opened === undefined ? null : <ExecutionPane key={opened} id={opened} />}
      />
    </>
  );
}

function NothingMatches({ status }: { status: string | undefined }) {
  if (status === 'dead_letter')
    return <Empty title="No dead letters"><p>An execution whose retries are used up is kept here until somebody retries or discards it. There is none.</p></Empty>;
  return <Empty title="No execution matches these filters"><p><Link href="/executions">Remove all filters</Link></p></Empty>;
}

function NothingYet() {
  return (
    <Empty title="No execution yet">
      <p>An execution begins when an event matches an active trigger. What would fire, and why not, stands with each event: <Link href="/events">look at the events</Link>.</p>
      <p>A workflow can also be run by hand, with a sample event: <Link href="/workflows">choose one</Link>.</p>
    </Empty>
  );
}
