// One event: its journey, the row before and after, where it came from.
import { useState } from 'react';
import { Link } from 'wouter';
import { path } from '../../api/client';
import { useList, useMay, useRead } from '../../api/queries';
import type { Execution, Explanation, RowEvent } from '../../api/types';
import { CopyButton, Id } from '../../parts/copy';
import { DiffTable } from '../../parts/diff-table';
import { Icon } from '../../parts/icon';
import { writeJson } from '../../api/json';
import { Journey, type Stop } from '../../parts/journey';
import { eventStops, eventWord, verdictStops } from '../../parts/journey-stops';
import { Note, ProblemBox } from '../../parts/notice';
import { Facts, Pane, Part } from '../../parts/pane';
import { useShortcut } from '../../parts/shortcuts';
import { Status } from '../../parts/status';
import { durationText, RelativeTime } from '../../parts/time';
import { JsonBlock, ShortValue, Value } from '../../parts/value';
import { EventReplay } from '../executions/replay';
import css from './events.module.css';
import { saveFixture } from './fixture';

function titleOf(event: RowEvent | undefined) {
  if (!event) return 'Event';
  return <>{eventWord(event.event_type)}{event.table && <>: {event.table} <ShortValue value={event.record_id} /></>}</>;
}

function executionStop(execution: Execution): Stop {
  return {
    key: `execution-${execution.id}`, title: execution.workflow_id, state: execution.status,
    note: `attempt ${execution.attempt}, ${durationText(execution.execution_time_ms)}`,
    detail: (
      <div className="stack">
        {execution.error_message && <p className="bad">{execution.error_message}</p>}
        <Link href={`/executions/${encodeURIComponent(execution.id)}`}>Open the execution with the input and output of its nodes</Link>
      </div>
    ),
  };
}

function Trouble({ event }: { event: RowEvent }) {
  const text = (name: string) => (typeof event[name] === 'string' ? event[name] : undefined);
  if (event.event_type === 'capture_gap')
    return <Note tone="bad"><p><strong>Changes may be missing</strong> between {text('from') ?? 'an unknown place'} and {text('to') ?? 'now'}: {text('reason')}</p>{text('remedy') && <p>{text('remedy')}</p>}</Note>;
  if (event.event_type === 'database_error') return <Note tone="bad"><p>{text('error_message')}</p></Note>;
  if (event.event_type === 'schema_changed') return <Note tone="idle"><p>{text('change_type')} {text('object_type')} <code>{text('object_name')}</code></p>{text('ddl_statement') && <pre>{text('ddl_statement')}</pre>}</Note>;
  return null;
}

export function EventPane({ id }: { id: string }) {
  const event = useRead<RowEvent>(['events', id], path`/events/${id}`);
  const why = useRead<Explanation>(['explain', id], path`/events/${id}/explain`, {}, { every: 5_000 });
  const executions = useList<Execution>(['executions', 'of', id], '/executions', { event_id: id }, { every: 2_000 });
  const data = event.data;
  const verdicts = why.data?.verdicts ?? [];
  const mayOperate = useMay('operator');
  const [replaying, setReplaying] = useState(false);
  const canReplay = mayOperate && verdicts.length > 0;
  useShortcut('r', 'Replay the event', 'Events', () => { setReplaying(!replaying); }, canReplay);
  const fired = verdicts.filter((verdict) => verdict.verdict === 'matched').length;
  const stops = data ? [...eventStops(data), ...verdictStops(verdicts), ...executions.items.map(executionStop)] : [];
  return (
    <Pane
      title={titleOf(data)} label={`Event ${id}`} closeTo="/events"
      tools={data && (
        <>
          {canReplay && <button type="button" aria-expanded={replaying} onClick={() => { setReplaying(!replaying); }} title="Run the workflow of a trigger once more for this event (r)"><Icon name="retry" size={14} />Replay…</button>}
          <button type="button" onClick={() => { saveFixture(data); }} title="Save the event as a file for tests of scripts and workflows, as `rowhook tail --save` does"><Icon name="down" size={14} />Fixture</button>
          <CopyButton text={writeJson(data, 2)} what="the event as JSON" />
        </>
      )}
    >
      {event.error && <ProblemBox error={event.error} onRetry={() => void event.refetch()} />}
      {data && (
        <>
          <Trouble event={data} />
          {replaying && canReplay && <Part title="Replay"><EventReplay event={data} verdicts={verdicts} onClose={() => { setReplaying(false); }} /></Part>}
          <Part title="Journey">
            <Journey stops={stops} />
            {why.error && <ProblemBox error={why.error} />}
            {why.data && verdicts.length === 0 && (
              <p className="muted">No trigger is for {data.event_type} of {data.source}, so nothing ran. <Link href="/triggers">Make one</Link></p>
            )}
            {why.data && verdicts.length > 0 && fired === 0 && <p className="muted">None of {verdicts.length === 1 ? 'the one trigger' : `${verdicts.length} triggers`} for this kind of event matched: open a stop to see which condition failed, with the value it saw.</p>}
          </Part>
          <Part title={data.event_type === 'record_updated' ? 'Before and after' : 'Row'}><DiffTable event={data} /></Part>
          {executions.items.length > 0 && (
            <Part title="Executions">
              <ul>
                {executions.items.map((execution) => (
                  <li key={execution.id}>
                    <Link href={`/executions/${encodeURIComponent(execution.id)}`} className={css.execution}>
                      <Status state={execution.status} /><span className="grow truncate">{execution.workflow_id}</span><span className="muted">{durationText(execution.execution_time_ms)}</span>
                    </Link>
                  </li>
                ))}
              </ul>
            </Part>
          )}
          <Part title="Where it came from">
            <Facts
              facts={[
                ['Event id', <Id key="id" id={data.event_id} what="the event id" />],
                ['Seq', data.seq],
                ['Source', <Link key="source" href={`/sources/${encodeURIComponent(data.source)}`}>{data.source}</Link>],
                ['Table', [data.database, data.schema, data.table].filter(Boolean).join('.') || '–'],
                ['Key', data.record_id === null || data.record_id === undefined ? '–' : <Value key="key" value={data.record_id} />],
                ['Changed', <RelativeTime key="time" at={data.timestamp} />],
                ['User', data.user ?? '–'],
                ['Tags', data.metadata?.tags?.join(', ') || '–'],
              ]}
            />
          </Part>
          <Part title="As JSON"><JsonBlock value={data} what="the event" lines={8} /></Part>
        </>
      )}
    </Pane>
  );
}
