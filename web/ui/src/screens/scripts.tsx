import { useList } from '../api/queries';
import type { Script } from '../api/types';
import { Empty, ProblemBox } from '../parts/notice';
import { Screen } from '../parts/screen';
import { DataTable, type Column } from '../parts/table';
import { countText } from '../parts/time';

const columns: Column<Script>[] = [
  { key: 'name', title: 'Name', width: 'minmax(160px, 1fr)', narrow: true, sort: (each) => each.name, render: (each) => <span className="mono">{each.name}</span> },
];

export default function Scripts() {
  const list = useList<Script>(['scripts'], '/scripts');
  return (
    <Screen title="Scripts" count={countText(list.total)}>
      {list.error && <ProblemBox error={list.error} />}
      <DataTable
        name="scripts" label="Scripts" rows={list.items} columns={columns} rowKey={(each) => each.name} onEnd={list.more}
        empty={list.loading ? null : <Empty title="No script yet"><p>A script is Lua that filters or transforms events.</p></Empty>}
      />
    </Screen>
  );
}
