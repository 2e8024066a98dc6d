import { useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { useList, useRead } from '../../api/queries';
import type { Health, RowEvent } from '../../api/types';
import { useLinkState } from '../../live/live';
import { CodeBlock } from '../../parts/copy';
import { summaryOf } from '../../parts/diff';
import { FilterBar, useFilters, type FilterField } from '../../parts/filters';
import { Icon } from '../../parts/icon';
import { eventWord, lagOf } from '../../parts/journey-stops';
import { Empty, ProblemBox } from '../../parts/notice';
import { Split } from '../../parts/pane';
import { Screen, useOpened } from '../../parts/screen';
import { useShortcut } from '../../parts/shortcuts';
import { DataTable, type Column } from '../../parts/table';
import { countText, durationText, RelativeTime } from '../../parts/time';
import { ShortValue } from '../../parts/value';
import { EventPane } from './event-pane';
import css from './events.module.css';
import { joined } from './tail';
import { useTail } from './use-tail';

const columns: Column<RowEvent>[] = [
  { key: 'time', title: 'Changed', width: '84px', narrow: true, narrowWidth: '64px', render: (each) => <RelativeTime at={each.timestamp} /> },
  { key: 'kind', title: 'Event', width: '116px', render: (each) => eventWord(each.event_type) },
  { key: 'table', title: 'Table', width: 'minmax(80px, 1fr)', narrow: true, narrowWidth: 'minmax(0, 2fr)', render: (each) => each.table ?? <span className="muted">{each.source}</span> },
  { key: 'key', title: 'Key', width: 'minmax(48px, 0.6fr)', render: (each) => <ShortValue value={each.record_id} keys /> },
  { key: 'change', title: 'Change', width: 'minmax(160px, 3fr)', narrow: true, narrowWidth: 'minmax(0, 3fr)', render: (each) => <span className="mono">{summaryOf(each)}</span> },
  { key: 'source', title: 'Source', width: 'minmax(72px, 0.8fr)', render: (each) => each.source },
  { key: 'lag', title: 'Capture', width: '76px', number: true, render: (each) => <span className="muted">{durationText(lagOf(each))}</span> },
  { key: 'seq', title: 'Seq', width: '80px', number: true, render: (each) => <span className="mono muted">{each.seq}</span> },
  { key: 'user', title: 'User', width: '100px', optional: true, render: (each) => each.user ?? '' },
];

const types = ['record_inserted', 'record_updated', 'record_deleted', 'table_truncated', 'schema_changed', 'database_error', 'capture_gap'];

function useFields(): FilterField[] {
  const sources = useRead<Health>(['health'], '/health').data?.sources;
  return useMemo(() => [
    { name: 'source', label: 'Source', suggest: sources?.map((source) => source.name) ?? [] },
    { name: 'table', label: 'Table' },
    { name: 'event_type', label: 'Event', suggest: types },
    { name: 'record_id', label: 'Key' },
    { name: 'from', label: 'From (RFC 3339)' },
    { name: 'to', label: 'To (RFC 3339)' },
  ], [sources]);
}

export default function Events() {
  const [, go] = useLocation();
  const opened = useOpened();
  const fields = useFields();
  const [filters, setFilter] = useFilters(fields);
  const [paused, setPaused] = useState(false);
  const [away, setAway] = useState(false);
  const state = useLinkState();
  const live = filters['to'] === undefined;
  const tail = useTail(filters, paused || away, live);
  const list = useList<RowEvent>(['events'], '/events', filters);
  const rows = useMemo(() => joined(tail.shown, list.items), [tail.shown, list.items]);
  useShortcut('p', 'Pause or go on', 'Events', () => { setPaused(!paused); }, live);

  const filtered = Object.keys(filters).length > 0;
  const word = !live ? 'Ended by the filter' : state === 'lost' ? 'Connection lost, trying again' : state === 'connecting' ? 'Connecting' : paused ? 'Paused' : 'Live';
  return (
    <Screen
      title="Events" count={list.total === undefined ? undefined : `${countText(list.total + tail.shown.length)}${list.total >= 10_000 ? '+' : ''}`}
      tools={
        <>
          <FilterBar fields={fields} values={filters} onChange={setFilter} />
          <span className="grow" />
          {tail.skipped > 0 && <span className="muted" title="They came faster than 50 a second. They are in the journal: reload, or filter.">{countText(tail.skipped)} not shown</span>}
          {tail.missed && <span className="muted">{tail.missed}</span>}
          <span className={css.state} role="status"><span className={live && state === 'live' && !paused ? css.on : css.off} aria-hidden="true" />{word}</span>
          {live && (
            <button type="button" aria-pressed={paused} onClick={() => { setPaused(!paused); }}>
              <Icon name={paused ? 'play' : 'pause'} size={14} />{paused ? 'Go on' : 'Pause'}
            </button>
          )}
        </>
      }
    >
      {list.error && <ProblemBox error={list.error} />}
      <Split
        list={
          <div className={css.list}>
            {tail.held.length > 0 && (
              <button type="button" className={css.held} onClick={() => { tail.show(); setPaused(false); document.querySelector('[role="grid"]')?.scrollTo({ top: 0 }); }}>
                {countText(tail.held.length)} new, show
              </button>
            )}
            <DataTable
              name="events" label="Events" rows={rows} columns={columns} rowKey={(each) => each.event_id} openKey={opened} onEnd={list.more} onScrolled={setAway}
              onOpen={(each) => { go(`/events/${encodeURIComponent(each.event_id)}${window.location.search}`); }}
              empty={list.loading ? null : filtered ? <NothingMatches onClear={() => { go('/events'); }} /> : <NothingYet />}
            />
          </div>
        }
        pane={opened === undefined ? null : <EventPane key={opened} id={opened} />}
      />
    </Screen>
  );
}

function NothingMatches({ onClear }: { onClear: () => void }) {
  return (
    <Empty title="No event matches these filters">
      <p>The journal keeps events for as long as its retention says; older ones are gone. New ones that match appear here at once.</p>
      <div><button type="button" onClick={onClear}>Remove all filters</button></div>
    </Empty>
  );
}

function NothingYet() {
  return (
    <Empty title="No event yet">
      <p>Every committed change of a watched table appears here. Change a row, or post an event:</p>
      <CodeBlock
        what="the command"
        text={`curl -H "Authorization: Bearer $(cat rowhook-data/admin-token)" -H 'Content-Type: application/json' \\\n  ${window.location.origin}/api/v1/events \\\n  -d '{"event_type": "order_placed", "data": {"id": 1, "total": 250.00}, "metadata": {"source": "web-shop"}}'`}
      />
      <p>Nothing although rows change? <code>rowhook doctor --config FILE</code> says what the database lacks.</p>
    </Empty>
  );
}
