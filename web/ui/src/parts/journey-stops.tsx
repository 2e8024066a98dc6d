// From what the API says to the stops of a journey.
import { Link } from 'wouter';
import type { Execution, RowEvent, Step, Verdict } from '../api/types';
import { CodeBlock } from './copy';
import { DiffTable } from './diff-table';
import { JsonBlock, Value } from './value';
import type { Stop } from './journey';
import { ErrorText } from './notice';
import { Facts } from './pane';
import { durationText, RelativeTime } from './time';

const words: Record<string, string> = {
  record_inserted: 'Row inserted', record_updated: 'Row updated', record_deleted: 'Row deleted', table_truncated: 'Table truncated',
  schema_changed: 'Schema changed', database_error: 'Database error', capture_gap: 'Gap in capture',
};

/** "Row updated" for record_updated; a posted type as it is. */
export function eventWord(type: string | null): string {
  return type === null ? 'Run by hand' : (words[type] ?? type);
}

/** Milliseconds from the change in the database to the journal; undefined when either time is unknown. */
export function lagOf(event: RowEvent): number | undefined {
  const captured = event.metadata?.captured_at;
  if (!captured) return undefined;
  const lag = Date.parse(captured) - Date.parse(event.timestamp);
  return Number.isFinite(lag) && lag >= 0 ? lag : undefined;
}

export function eventStops(event: RowEvent): Stop[] {
  const lag = lagOf(event);
  return [
    {
      key: 'row', title: eventWord(event.event_type), note: event.table ? `${event.table} ${typeof event.record_id === 'object' ? '' : String(event.record_id ?? '')}` : event.source,
      detail: <DiffTable event={event} />,
    },
    {
      key: 'journal', title: 'Journaled', note: `seq ${event.seq}${!lag ? '' : `, ${durationText(lag)} later`}`,
      detail: (
        <Facts
          facts={[
            ['Seq', event.seq],
            ['Position', event.metadata?.position ? <Value key="p" value={event.metadata.position} /> : '–'],
            ['Transaction', event.metadata?.transaction_id ?? '–'],
            ['Changed', <RelativeTime key="t" at={event.timestamp} />],
            ['Captured', <RelativeTime key="c" at={event.metadata?.captured_at} />],
            ['Method', event.metadata?.method ?? '–'],
          ]}
        />
      ),
    },
  ];
}

export function VerdictDetail({ verdict }: { verdict: Verdict }) {
  const values = Object.entries(verdict.values);
  return (
    <div className="stack">
      <p>{verdict.reason}</p>
      {verdict.predicate && <CodeBlock text={verdict.predicate} what="the condition" />}
      {values.length > 0 && <Facts facts={values.map(([name, value]) => [name, <Value key={name} value={value} />] as const)} />}
      {verdict.script_error && <CodeBlock text={verdict.script_error} what="the script's error" />}
      <div className="row">
        <Link href={`/triggers/${verdict.trigger_id}`}>Open the trigger</Link>
        {verdict.execution_id && <Link href={`/executions/${encodeURIComponent(verdict.execution_id)}`}>Open its execution</Link>}
      </div>
    </div>
  );
}

export function verdictStops(verdicts: Verdict[]): Stop[] {
  return verdicts.map((verdict) => ({
    key: `trigger-${verdict.trigger_id}`,
    title: verdict.trigger_name,
    state: verdict.verdict,
    ...(verdict.verdict !== 'matched' && verdict.predicate ? { note: verdict.predicate } : {}),
    detail: <VerdictDetail verdict={verdict} />,
  }));
}

export function stepStops(steps: Step[], nameOf: (nodeId: string) => string = (id) => id): Stop[] {
  return steps.map((step, index) => ({
    key: `step-${index}`,
    title: nameOf(step.node_id),
    state: step.status,
    note: durationText(step.execution_time_ms),
    detail: <StepDetail step={step} />,
  }));
}

export function StepDetail({ step }: { step: Step }) {
  return (
    <div className="stack">
      {step.error_message && <div className="bad"><ErrorText text={step.error_message} /></div>}
      {step.notes && step.notes.length > 0 && <p className="muted">{step.notes.join(', ')}</p>}
      <h3>Input</h3>
      {step.input === undefined ? <p className="muted">None was kept.</p> : <JsonBlock value={step.input} what="the input" lines={12} />}
      <h3>Output</h3>
      {step.output === undefined || step.output === null ? <p className="muted">None: the item ended here.</p> : <JsonBlock value={step.output} what="the output" lines={12} />}
    </div>
  );
}

export function effectStop(execution: Execution): Stop {
  return {
    key: 'effect', title: 'Effect', state: execution.status, note: `attempt ${execution.attempt}, ${durationText(execution.execution_time_ms)}`,
  };
}
