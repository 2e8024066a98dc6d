import { lazy, Suspense, type ReactNode } from 'react';
import { Link } from 'wouter';
import { useList, useRead } from '../../api/queries';
import type { Execution, Health, RowEvent, Source } from '../../api/types';
import { useMetrics } from '../../live/live';
import { summaryOf } from '../../parts/diff';
import { eventWord } from '../../parts/journey-stops';
import { Empty, Note, ProblemBox } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { Status } from '../../parts/status';
import { counted, durationText, lagText, RelativeTime } from '../../parts/time';
import { Attention, useAttention } from './attention';
import css from './overview.module.css';

const Chart = lazy(() => import('../../parts/chart'));

const perSecond = (value: number) => (Number(value) === 0 ? '0' : value < 10 ? Number(value).toFixed(1) : Math.round(value).toLocaleString('en'));
const milliseconds = (value: number) => durationText(value);

function Figure({ name, value, children }: { name: string; value: string; children: ReactNode }) {
  return (
    <section className={`card ${css.figure ?? ''}`}>
      <h2>{name}</h2>
      <p className={css.value}>{value}</p>
      <Suspense fallback={<div style={{ height: 130 }} />}>{children}</Suspense>
    </section>
  );
}

function Now() {
  const points = useMetrics();
  const last = points[points.length - 1];
  const times = points.map((point) => Date.parse(point.at) / 1000);
  const timed = (value: number) => (value > 0 ? Number(value) : null); // nothing ran in that second
  const p50 = points.findLast((point) => point.executions.p50_ms > 0)?.executions.p50_ms;
  const p99 = points.findLast((point) => point.executions.p99_ms > 0)?.executions.p99_ms;
  const failing = last ? last.executions.dead_letter_per_second + last.executions.retrying_per_second : 0;
  return (
    <div className={css.figures}>
      <Figure name="Events" value={last ? `${perSecond(last.events_per_second)} per second` : '–'}>
        <Chart
          times={times} label={`Events per second over the last minutes, now ${last ? perSecond(last.events_per_second) : 'unknown'}`} format={perSecond}
          lines={[{ name: 'Events', color: '--accent', values: points.map((point) => point.events_per_second) }]}
        />
      </Figure>
      <Figure name="Executions" value={last ? `${perSecond(last.executions.completed_per_second)} completed, ${perSecond(failing)} failed per second` : '–'}>
        <Chart
          times={times} label={`Executions per second: ${last ? perSecond(last.executions.completed_per_second) : 'unknown'} completed, ${perSecond(failing)} failed`} format={perSecond}
          lines={[
            { name: 'Completed', color: '--good', values: points.map((point) => point.executions.completed_per_second) },
            { name: 'Failed', color: '--bad', values: points.map((point) => point.executions.dead_letter_per_second + point.executions.retrying_per_second) },
          ]}
        />
      </Figure>
      <Figure name="Time of an execution" value={p99 === undefined ? 'none ended yet' : `${durationText(p50)} median, ${durationText(p99)} p99`}>
        <Chart
          times={times} label={`Time of executions: ${durationText(p50)} median, ${durationText(p99)} at the 99th percentile`} format={milliseconds} least={0.1}
          lines={[
            { name: 'Median', color: '--accent', values: points.map((point) => timed(point.executions.p50_ms)) },
            { name: 'p99', color: '--warn', values: points.map((point) => timed(point.executions.p99_ms)) },
          ]}
        />
      </Figure>
    </div>
  );
}

function SourceLine({ source }: { source: Source }) {
  return (
    <li>
      <Link href={`/sources/${encodeURIComponent(source.name)}`} className={css.line}>
        <span className={css.state}><Status of="source" state={source.state} /></span>
        <span className="grow truncate">{source.name}</span>
        <span className="muted">{lagText(source.lag_seconds)}</span>
      </Link>
    </li>
  );
}

function Latest() {
  const events = useList<RowEvent>(['events', 'latest'], '/events', {}, { limit: 8, every: 2_000 });
  const executions = useList<Execution>(['executions', 'latest'], '/executions', {}, { limit: 8, every: 2_000 });
  return (
    <div className={css.two}>
      <section className="card">
        <div className={css.head}><h2>Latest changes</h2><Link href="/events">All events</Link></div>
        {events.items.length === 0 && !events.loading && <p className="muted">None yet: change a row of a watched table.</p>}
        <ul>
          {events.items.slice(0, 8).map((event) => (
            <li key={event.event_id}>
              <Link href={`/events/${encodeURIComponent(event.event_id)}`} className={css.line}>
                <span className={css.when}><RelativeTime at={event.timestamp} /></span>
                <span className={css.kind}>{eventWord(event.event_type)}</span>
                <span className="grow truncate"><strong>{event.table}</strong> <span className="mono muted">{summaryOf(event)}</span></span>
              </Link>
            </li>
          ))}
        </ul>
      </section>
      <section className="card">
        <div className={css.head}><h2>Latest executions</h2><Link href="/executions">All executions</Link></div>
        {executions.items.length === 0 && !executions.loading && <p className="muted">None yet: they begin when an event matches a trigger.</p>}
        <ul>
          {executions.items.slice(0, 8).map((execution) => (
            <li key={execution.id}>
              <Link href={`/executions/${encodeURIComponent(execution.id)}`} className={css.line}>
                <span className={css.when}><RelativeTime at={execution.created_at} /></span>
                <span className={css.state}><Status state={execution.status} /></span>
                <span className="grow truncate">{execution.workflow_id}</span>
                <span className="muted">{durationText(execution.execution_time_ms)}</span>
              </Link>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

export default function Overview() {
  const health = useRead<Health>(['health'], '/health', {}, { every: 2_000 });
  const needs = useAttention(health.data);
  const sources = health.data?.sources ?? [];
  return (
    <Screen title="Overview" count={health.data ? `Rowhook ${health.data.version}` : undefined}>
      <div className="screen-body">
        <div className={css.stack}>
          {health.error && !health.data && <ProblemBox error={health.error} onRetry={() => void health.refetch()} />}
          {needs.length > 0 && <Attention needs={needs} />}
          {needs.length === 0 && sources.length > 0 && (
            <Note tone="good">Nothing needs attention: {counted(sources.length, 'source')} watched, no dead letters.</Note>
          )}
          {health.data && sources.length === 0 && (
            <Empty title="No database is watched yet">
              <p>Rowhook watches the connections of its configuration. Add one, then restart or send SIGHUP; <code>rowhook doctor</code> says what the database still lacks. Events can also be posted to the API without any source.</p>
            </Empty>
          )}
          {sources.length > 0 && <section className="card"><div className={css.head}><h2>Sources</h2><Link href="/sources">All sources</Link></div><ul>{sources.map((source) => <SourceLine key={source.name} source={source} />)}</ul></section>}
          <Now />
          <Latest />
        </div>
      </div>
    </Screen>
  );
}
