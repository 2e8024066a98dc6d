// What fires when: the list with its switches; a trigger, its form, or the form of a new one in the pane.
import { useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useList, useMay, useRead } from '../../api/queries';
import type { Page, Source, Trigger, TriggerMetric, TriggerSeries } from '../../api/types';
import { CodeBlock } from '../../parts/copy';
import { FilterBar, useFilters, type FilterField } from '../../parts/filters';
import { Icon } from '../../parts/icon';
import { Empty, Note, ProblemBox } from '../../parts/notice';
import { Split } from '../../parts/pane';
import { Screen, useOpened } from '../../parts/screen';
import { useShortcut } from '../../parts/shortcuts';
import { Switch } from '../../parts/switch';
import { DataTable, type Column } from '../../parts/table';
import { countText } from '../../parts/time';
import { BulkBar } from './bulk-bar';
import { Errors, LastError, Rate, Slowest, useLately, type Lately } from './lately';
import { endedIn, failedIn, newestP99 } from './rates';
import { useSwitch } from './switching';
import { EditTrigger, NewTrigger } from './trigger-form';
import { TriggerPane } from './trigger-pane';
import css from './triggers.module.css';

function columnsWith(flip: (trigger: Trigger) => void, mayOperate: boolean, busy: boolean, lately: Lately | undefined): Column<Trigger>[] {
  const by = (measure: (series: TriggerSeries) => number | undefined) => (each: Trigger) => { const series = lately?.get(each.id); return (series && measure(series)) ?? -1; };
  return [
    {
      key: 'active', title: 'On', width: '56px', narrow: true, sort: (each) => Number(each.is_active),
      render: (each) => <span className={css.switch}><Switch on={each.is_active} label={`${each.name} is active`} disabled={!mayOperate || busy} onChange={() => { flip(each); }} /></span>,
    },
    { key: 'name', title: 'Name', width: 'minmax(150px, 1.6fr)', narrow: true, narrowWidth: 'minmax(0, 1fr)', sort: (each) => each.name, render: (each) => each.name },
    { key: 'source', title: 'Source', width: 'minmax(64px, 0.6fr)', sort: (each) => each.source, render: (each) => each.source },
    { key: 'event', title: 'Event', width: 'minmax(112px, 1.2fr)', sort: (each) => each.event_type, render: (each) => <span className="mono">{each.event_type}</span> },
    { key: 'tables', title: 'Tables', width: 'minmax(76px, 1fr)', render: (each) => (Array.isArray(each.config['tables']) ? <span className="mono">{each.config['tables'].join(', ')}</span> : <span className="muted">all</span>) },
    { key: 'workflow', title: 'Workflow', width: 'minmax(90px, 1fr)', optional: true, sort: (each) => each.workflow_id, render: (each) => each.workflow_id },
    { key: 'rate', title: 'Rate', width: '112px', sort: by(endedIn), render: (each) => lately && <Rate series={lately.get(each.id)} /> },
    { key: 'errors', title: 'Errors', width: '80px', narrow: true, sort: by(failedIn), render: (each) => lately && <Errors series={lately.get(each.id)} /> },
    { key: 'p99', title: 'p99', width: '100px', sort: by(newestP99), render: (each) => lately && <Slowest series={lately.get(each.id)} /> },
    { key: 'error', title: 'Last error', width: 'minmax(150px, 2fr)', sort: (each) => lately?.get(each.id)?.last_failure?.at ?? '', render: (each) => lately && <LastError series={lately.get(each.id)} /> },
    { key: 'id', title: 'Id', width: '56px', number: true, optional: true, sort: (each) => each.id, render: (each) => each.id },
    { key: 'revision', title: 'Revision', width: '72px', number: true, optional: true, render: (each) => each.revision },
  ];
}

function useMetrics() {
  return useRead<Page<TriggerMetric>>(['trigger-metrics'], '/metrics/triggers', {}, { every: 5_000 }).data?.items;
}

function useFields(): FilterField[] {
  const sources = useList<Source>(['sources'], '/sources').items;
  const found = useMetrics();
  return useMemo(() => {
    const metrics = found ?? [];
    const known = (values: string[]) => [...new Set(values)].sort();
    return [
      { name: 'name', label: 'Name' },
      { name: 'source', label: 'Source', suggest: known([...sources.map((each) => each.name), ...metrics.map((each) => each.source)]) },
      { name: 'event_type', label: 'Event', suggest: known(metrics.map((each) => each.event_type)) },
      { name: 'workflow_id', label: 'Workflow' },
      { name: 'is_active', label: 'State', choices: [{ value: 'true', label: 'active' }, { value: 'false', label: 'inactive' }] },
    ];
  }, [sources, found]);
}

/** "5, 4 of them active", of all triggers. */
function Count({ total, filtered }: { total: number | undefined; filtered: boolean }) {
  const metrics = useMetrics();
  if (!metrics) return <>{countText(total)}</>;
  if (metrics.length === 0) return <>0</>;
  const sum = (of: (each: TriggerMetric) => number) => metrics.reduce((soFar, each) => soFar + of(each), 0);
  const all = sum((each) => each.trigger_count);
  return <>{filtered ? `${countText(total)} of ${countText(all)}` : `${countText(all)}, ${countText(sum((each) => each.active_count))} active`}</>;
}

export default function Triggers() {
  const [, go] = useLocation();
  const [open, verb] = (useOpened() ?? '').split('/');
  const fields = useFields();
  const [filters, setFilter] = useFilters(fields);
  const mayOperate = useMay('operator');
  const mayWrite = useMay('author');
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const list = useList<Trigger>(['triggers'], '/triggers', filters, { every: 5_000 });
  const flip = useSwitch();
  const lately = useLately();
  const columns = columnsWith((each) => { flip.mutate({ triggers: [each], active: !each.is_active }); }, mayOperate, flip.isPending, lately);
  const chosen = list.items.filter((each) => picked.has(String(each.id)));
  const editing = open === 'new' || verb === 'edit';
  const failed = flip.data?.failed[0];
  useShortcut('n', 'New trigger', 'Triggers', () => { go('/triggers/new' + window.location.search); }, mayWrite && !editing);
  return (
    <Screen
      title="Triggers" count={<Count total={list.total} filtered={Object.keys(filters).length > 0} />}
      tools={
        <>
          <FilterBar fields={fields} values={filters} onChange={setFilter} />
          <span className="grow" />
          {mayWrite && <Link href={'/triggers/new' + window.location.search} className="button" aria-label="New trigger"><Icon name="plus" size={14} /><span>New<span className="wide"> trigger</span></span></Link>}
        </>
      }
    >
      {list.error && <ProblemBox error={list.error} />}
      {flip.error && <ProblemBox error={flip.error} />}
      {failed && <Note tone="warn">{failed.trigger.name} was not switched: {failed.problem.detail}. It is shown as it is now.</Note>}
      {chosen.length > 0 && <BulkBar picked={chosen} onDone={() => { setPicked(new Set()); }} />}
      <Split
        list={
          <DataTable
            name="triggers" label="Triggers" rows={list.items} columns={columns} rowKey={(each) => String(each.id)} openKey={editing ? undefined : open} onEnd={list.more}
            picked={picked} onPick={setPicked}
            onOpen={(each) => { go(`/triggers/${each.id}${window.location.search}`); }}
            empty={list.loading ? null : Object.keys(filters).length > 0 ? <Empty title="No trigger matches these filters"><p><Link href="/triggers">Remove all filters</Link></p></Empty> : <NoTrigger mayWrite={mayWrite} />}
          />
        }
        pane={!open ? null : open === 'new' ? <NewTrigger /> : verb === 'edit' ? <EditTrigger key={open} id={open} /> : <TriggerPane key={open} id={open} />}
      />
    </Screen>
  );
}

function NoTrigger({ mayWrite }: { mayWrite: boolean }) {
  return (
    <Empty title="No trigger yet">
      <p>A trigger says: when this happens to a row, run that workflow. Without one, changes are journaled and nothing else happens.</p>
      {mayWrite && <p><Link href="/triggers/new">Make the first trigger</Link>, or send the same from a shell:</p>}
      <CodeBlock
        what="the request"
        text={'curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\\n  ' + window.location.origin + '/api/v1/triggers \\\n  -d \'{ "name": "Order paid", "source": "shop", "event_type": "record_updated",\n        "endpoint": "https://example.com/hooks/orders",\n        "config": { "tables": ["orders"], "changed": ["status"] } }\''}
      />
    </Empty>
  );
}
