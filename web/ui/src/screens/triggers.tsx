import { useLocation } from 'wouter';
import { useList } from '../api/queries';
import type { Trigger } from '../api/types';
import { Empty, ProblemBox } from '../parts/notice';
import { Screen } from '../parts/screen';
import { Status } from '../parts/status';
import { DataTable, type Column } from '../parts/table';
import { countText } from '../parts/time';

const columns: Column<Trigger>[] = [
  { key: 'active', title: 'State', width: '110px', narrow: true, render: (each) => <Status state={each.is_active ? 'active' : 'inactive'} /> },
  { key: 'name', title: 'Name', width: 'minmax(160px, 2fr)', narrow: true, sort: (each) => each.name, render: (each) => each.name },
  { key: 'source', title: 'Source', width: 'minmax(80px, 1fr)', sort: (each) => each.source, render: (each) => each.source },
  { key: 'event', title: 'Event', width: 'minmax(120px, 1fr)', sort: (each) => each.event_type, render: (each) => <span className="mono">{each.event_type}</span> },
  { key: 'workflow', title: 'Workflow', width: 'minmax(120px, 1fr)', sort: (each) => each.workflow_id, render: (each) => each.workflow_id },
];

export default function Triggers() {
  const [, go] = useLocation();
  const list = useList<Trigger>(['triggers'], '/triggers');
  return (
    <Screen title="Triggers" count={countText(list.total)}>
      {list.error && <ProblemBox error={list.error} />}
      <DataTable
        name="triggers" label="Triggers" rows={list.items} columns={columns} rowKey={(each) => String(each.id)} onEnd={list.more}
        onOpen={(each) => { go(`/workflows/${encodeURIComponent(each.workflow_id)}`); }}
        empty={list.loading ? null : <Empty title="No trigger yet"><p>A trigger says which changes start which workflow.</p></Empty>}
      />
    </Screen>
  );
}
