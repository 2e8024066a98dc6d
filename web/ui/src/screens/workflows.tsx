import { useList } from '../api/queries';
import type { Workflow } from '../api/types';
import { Empty, ProblemBox } from '../parts/notice';
import { Screen } from '../parts/screen';
import { Status } from '../parts/status';
import { DataTable, type Column } from '../parts/table';
import { countText } from '../parts/time';

const columns: Column<Workflow>[] = [
  { key: 'active', title: 'State', width: '110px', narrow: true, render: (each) => <Status state={each.is_active ? 'active' : 'inactive'} /> },
  { key: 'name', title: 'Name', width: 'minmax(160px, 2fr)', narrow: true, sort: (each) => each.name, render: (each) => each.name },
  { key: 'id', title: 'Id', width: 'minmax(120px, 1fr)', sort: (each) => each.id, render: (each) => <span className="mono">{each.id}</span> },
  { key: 'nodes', title: 'Nodes', width: '80px', number: true, sort: (each) => each.nodes.length, render: (each) => each.nodes.length },
];

export default function Workflows() {
  const list = useList<Workflow>(['workflows'], '/workflows');
  return (
    <Screen title="Workflows" count={countText(list.total)}>
      {list.error && <ProblemBox error={list.error} />}
      <DataTable
        name="workflows" label="Workflows" rows={list.items} columns={columns} rowKey={(each) => each.id} onEnd={list.more}
        empty={list.loading ? null : <Empty title="No workflow yet"><p>A workflow says what runs when a trigger fires.</p></Empty>}
      />
    </Screen>
  );
}
