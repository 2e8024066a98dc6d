import { useLocation } from 'wouter';
import { useList } from '../api/queries';
import type { RowEvent } from '../api/types';
import { summaryOf } from '../parts/diff';
import { Empty, ProblemBox } from '../parts/notice';
import { Screen, useOpened } from '../parts/screen';
import { DataTable, type Column } from '../parts/table';
import { countText, RelativeTime } from '../parts/time';

const columns: Column<RowEvent>[] = [
  { key: 'time', title: 'Time', width: '90px', narrow: true, render: (each) => <RelativeTime at={each.timestamp} /> },
  { key: 'table', title: 'Table', width: 'minmax(80px, 1fr)', narrow: true, render: (each) => each.table ?? '' },
  { key: 'change', title: 'Change', width: 'minmax(160px, 3fr)', narrow: true, render: (each) => summaryOf(each) },
];

export default function Events() {
  const [, go] = useLocation();
  const opened = useOpened();
  const list = useList<RowEvent>(['events'], '/events', {}, { every: 2_000 });
  return (
    <Screen title="Events" count={countText(list.total)}>
      {list.error && <ProblemBox error={list.error} />}
      <DataTable
        name="events" label="Events" rows={list.items} columns={columns} rowKey={(each) => each.event_id} openKey={opened} onEnd={list.more}
        onOpen={(each) => { go(`/events/${encodeURIComponent(each.event_id)}`); }}
        empty={list.loading ? null : <Empty title="No event yet" />}
      />
    </Screen>
  );
}
