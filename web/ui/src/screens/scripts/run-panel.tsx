// A script run against a change that really happened: before and after side by side, what it logged, what it cost.
import { isRecord, type JsonRecord, type JsonValue } from '../../api/json';
import type { RowEvent, ScriptError, ScriptRun } from '../../api/types';
import type { Kind } from '../../code/use-checks';
import { CodeBlock } from '../../parts/copy';
import { DiffTable } from '../../parts/diff-table';
import { summaryOf } from '../../parts/diff';
import { eventWord } from '../../parts/journey-stops';
import { Note } from '../../parts/notice';
import { Facts, Part } from '../../parts/pane';
import { bytesText, durationText } from '../../parts/time';
import { JsonBlock, Value } from '../../parts/value';
import css from './scripts.module.css';

interface PickerProps {
  events: RowEvent[];
  event: RowEvent | undefined;
  onPick: (id: string) => void;
}

export function EventPicker({ events, event, onPick }: PickerProps) {
  const offered = event && !events.some((each) => each.event_id === event.event_id) ? [event, ...events] : events;
  return (
    <div className="field">
      <label htmlFor="run-event">Event to run it against</label>
      <select id="run-event" className={css.events} value={event?.event_id ?? ''} onChange={(change) => { onPick(change.target.value); }}>
        {!event && <option value="">None is recorded yet</option>}
        {offered.map((each) => <option key={each.event_id} value={each.event_id}>{`${each.seq}  ${eventWord(each.event_type)}  ${each.table ?? each.source}  ${summaryOf(each)}`}</option>)}
      </select>
    </div>
  );
}

function ErrorOf({ error, onGo }: { error: ScriptError; onGo: (line: number, column: number) => void }) {
  const line = error.line;
  return (
    <Note tone="bad">
      <div className="stack">
        <p><strong>{error.message}</strong></p>
        {line !== null && <div><button type="button" onClick={() => { onGo(line, error.column ?? 1); }}>Go to line {line}</button></div>}
        {error.traceback && <CodeBlock text={error.traceback} what="the calls that led there" />}
        {isRecord(error.fields) && Object.keys(error.fields).length > 0 && <Facts facts={Object.entries(error.fields).map(([name, value]) => [name, <Value key={name} value={value} />] as const)} />}
      </div>
    </Note>
  );
}

/** Whether the result is the row with changes, and not a document of its own making. */
function isRowLike(row: JsonRecord, result: JsonRecord): boolean {
  const names = Object.keys(result);
  return names.filter((name) => name in row).length * 2 >= names.length;
}

/** The row as the script got it, and what it made of it: by columns where it is still that row, else as two documents. */
function Sides({ event, result }: { event: RowEvent; result: JsonValue }) {
  const before = event.new_values ?? event.old_values;
  if (isRecord(before) && isRecord(result) && isRowLike(before, result))
    return <DiffTable event={{ ...event, event_type: 'record_updated', old_values: before, new_values: result, changed_fields: null, metadata: {} }} />;
  return (
    <div className={css.sides}>
      <div><span className="muted">Before</span><JsonBlock value={before ?? null} what="the row" lines={16} /></div>
      <div><span className="muted">After</span><JsonBlock value={result} what="the result" lines={16} /></div>
    </div>
  );
}

export function RunResult({ run, kind, event, onGo }: { run: ScriptRun; kind: Kind; event: RowEvent; onGo: (line: number, column: number) => void }) {
  const result = run.result ?? null;
  return (
    <>
      {run.error && <ErrorOf error={run.error} onGo={onGo} />}
      {run.ok && kind === 'filter' && <Note tone={result === true ? 'good' : 'idle'}><strong>{String(result)}</strong>: the event {result === true ? 'passes' : 'does not pass'}.</Note>}
      {run.ok && kind === 'transform' && result === null && <Note tone="idle"><strong>nil</strong>: the event is dropped here.</Note>}
      {run.ok && kind === 'transform' && result !== null && <Part title="Before and after"><Sides event={event} result={result} /></Part>}
      <Part title="Log">
        {run.logs.length === 0 ? <p className="muted">Nothing. <code>log.info("…")</code> writes a line.</p> : (
          <ul className={css.logs}>{run.logs.map((line, index) => <li key={index}><span className={line.level === 'error' ? css.error : line.level === 'warning' ? css.warning : 'muted'}>{line.level}</span><span>{line.message}</span></li>)}</ul>
        )}
      </Part>
      <Part title="Cost"><Facts facts={[['Time', durationText(run.time_ms)], ['Memory', bytesText(run.memory_bytes)]]} /></Part>
    </>
  );
}
