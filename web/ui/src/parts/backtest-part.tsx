// What a trigger or script would have done with the events of the journal, part by part, and where that differs from what is stored.
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { api, Problem } from '../api/client';
import { writeJson } from '../api/json';
import type { Backtest, BacktestFailure, BacktestOutcome, BacktestSample } from '../api/types';
import { merged, progressOf, samplesKept } from './backtest';
import css from './backtest.module.css';
import { Icon } from './icon';
import { Note, ProblemBox } from './notice';
import { Part } from './pane';
import { Status } from './status';
import { counted, countText } from './time';
import { JsonBlock } from './value';

const ranges = { all: 'the whole journal', '3600': 'the last hour', '86400': 'the last day', '604800': 'the last week' };
type Range = keyof typeof ranges;

const startOf = (range: Range): string | undefined => (range === 'all' ? undefined : new Date(Date.now() - Number(range) * 1000).toISOString());

interface Run {
  of: string; // the body it was asked with, as text
  found: Backtest | undefined;
  problem: Problem | undefined;
  busy: boolean;
}

/** Asks part after part until the journal's end, or until stop(). */
function useBacktest(body: object) {
  const [run, setRun] = useState<Run | undefined>();
  const going = useRef<AbortController>(null);
  useEffect(() => () => { going.current?.abort(); }, []);
  const start = async (range: Range) => {
    going.current?.abort();
    const stop = new AbortController();
    going.current = stop;
    const of = writeJson(body);
    let found: Backtest | undefined;
    let next: number | string | undefined = startOf(range);
    setRun({ of, found, problem: undefined, busy: true });
    try {
      do {
        const part: Backtest = await api.post<Backtest>('/triggers/backtest', { ...body, samples: samplesKept, time_limit: '1s', ...(next === undefined ? {} : { from: next }) }, stop.signal);
        found = merged(found, part);
        next = part.next_seq ?? undefined;
        setRun({ of, found, problem: undefined, busy: next !== undefined });
      } while (next !== undefined && !stop.signal.aborted);
    } catch (error) {
      if (!stop.signal.aborted) setRun({ of, found, problem: error instanceof Problem ? error : new Problem(0, 'The back-test ended early', String(error)), busy: false });
    }
  };
  const stop = () => {
    going.current?.abort();
    setRun((before) => before && { ...before, busy: false });
  };
  return { run, start, stop, stale: run !== undefined && run.of !== writeJson(body) };
}

interface Props {
  body: object; // what POST /triggers/backtest takes, without its range
  what: string; // "the trigger as it stands here"
  stored: boolean; // it is the stored one itself: there is nothing to compare
}

export function BacktestPart({ body, what, stored }: Props) {
  const [range, setRange] = useState<Range>('all');
  const { run, start, stop, stale } = useBacktest(body);
  const found = run?.found;
  return (
    <Part
      title="Back-test"
      tools={
        <span className="row">
          <select aria-label="Events of" value={range} disabled={run?.busy} onChange={(change) => { setRange(change.target.value as Range); }}>
            {Object.entries(ranges).map(([value, label]) => <option key={value} value={value}>{label}</option>)}
          </select>
          {run?.busy ? <button type="button" onClick={stop}>Stop</button> : <button type="button" onClick={() => { void start(range); }}><Icon name="play" size={14} />{found ? 'Back-test again' : 'Back-test'}</button>}
        </span>
      }
    >
      {!run && <p className="muted">How often {what} would have fired and failed, event by event. Nothing is executed and nothing is written.</p>}
      {run?.problem && <ProblemBox error={run.problem} />}
      {stale && <Note tone="warn">It was changed since: these are the figures of what stood here before.</Note>}
      {run?.busy && <progress className={css.progress} value={found ? progressOf(found) : 0} aria-label="Of the events, read so far" />}
      {found && <Summary found={found} busy={run.busy} compared={!stored} />}
      {found && found.failures.length > 0 && <Failures failures={found.failures} />}
      {found && !stored && found.differing.length > 0 && <Samples title={found.differing.length < (found.differ ?? 0) ? `The first ${found.differing.length} events on which they differ` : 'Events on which they differ'} samples={found.differing} compared />}
      {found && (stored || found.active === null) && found.fired.length > 0 && <Samples title={found.fired.length < found.candidate.fires ? `The first ${found.fired.length} events that fire it` : 'Events that fire it'} samples={found.fired} compared={false} />}
    </Part>
  );
}

const times = (count: number) => counted(count, 'time');

function Summary({ found, busy, compared }: { found: Backtest; busy: boolean; compared: boolean }) {
  const { candidate, active } = found;
  const so = busy ? ' so far' : '';
  if (found.events === 0) return <p>The journal has no event in this range.</p>;
  return (
    <div className="stack" role="status">
      <p>
        <strong>Fires {times(candidate.fires)}</strong>, {candidate.fails > 0 ? <strong className="bad">fails {times(candidate.fails)}</strong> : 'never fails'}{so}:
        of {counted(found.of_trigger, 'event')} of its source and type, among {countText(found.events)} read.
      </p>
      {compared && active && (
        <p>
          The stored revision {found.active_revision} fires {times(active.fires)}{active.fails > 0 && <>, fails {times(active.fails)}</>}.
          {found.differ === 0 ? ' On every event both do the same.' : <> <strong>They differ on {counted(found.differ ?? 0, 'event')}.</strong></>}
        </p>
      )}
    </div>
  );
}

function Failures({ failures }: { failures: BacktestFailure[] }) {
  return (
    <div className="stack">
      <h4 className={css.title}>Where it fails</h4>
      <ul className={css.failures}>
        {failures.map((each) => (
          <li key={`${each.script}:${each.line ?? 0}:${each.message}`}>
            <span className="bad">{each.message}</span> <span className="muted">{times(each.count)}, first on <EventLink id={each.first_event_id}>event {each.first_seq}</EventLink></span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** In a window of its own: what was written here and is not saved yet stays. */
function EventLink({ id, children }: { id: string; children: ReactNode }) {
  return <a href={`/events/${encodeURIComponent(id)}`} target="_blank" rel="noopener">{children}<span className="sr-only"> (in a new window)</span></a>;
}

function Samples({ title, samples, compared }: { title: string; samples: BacktestSample[]; compared: boolean }) {
  return (
    <div className="stack">
      <h4 className={css.title}>{title}</h4>
      <table className={css.samples}>
        <thead><tr><th scope="col">Event</th><th scope="col">Row</th>{compared && <th scope="col">Stored</th>}<th scope="col">{compared ? 'As it stands here' : 'Starts with'}</th></tr></thead>
        <tbody>
          {samples.map((each) => (
            <tr key={each.event_id}>
              <td><EventLink id={each.event_id}>{each.seq}</EventLink></td>
              <td className="mono">{each.table} {typeof each.record_id === 'string' ? each.record_id : writeJson(each.record_id)}</td>
              {compared && <td>{each.active && <Status state={each.active.verdict} />}<Item of={each.active} plain={each.candidate.verdict === 'fires'} /></td>}
              <td>{compared && <Status state={each.candidate.verdict} />}<Item of={each.candidate} plain={!compared || each.active?.verdict === 'fires'} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What the workflow would start with, or why it failed. `plain`: also said when that is the event itself. */
function Item({ of, plain }: { of: BacktestOutcome | undefined; plain: boolean }) {
  if (of?.error) return <p className="bad">{of.error}</p>;
  if (of?.verdict !== 'fires') return null;
  if (of.item === undefined) return plain && <div className="muted">with the event</div>;
  return <details className={css.item}><summary className="mono truncate">{writeJson(of.item)}</summary><JsonBlock value={of.item} what="what it starts with" lines={12} /></details>;
}
