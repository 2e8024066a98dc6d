// Runs the saved workflow once for a sample event; every node's input and output.
import { useState } from 'react';
import { Link } from 'wouter';
import { api, path } from '../../api/client';
import { parseJson, writeJson } from '../../api/json';
import { useAction, useList, useMay, useRead } from '../../api/queries';
import type { Execution, RowEvent, Step, Trigger } from '../../api/types';
import { summaryOf } from '../../parts/diff';
import { eventWord } from '../../parts/journey-stops';
import { Note, ProblemBox } from '../../parts/notice';
import { Part } from '../../parts/pane';
import { Status } from '../../parts/status';
import { durationText } from '../../parts/time';
import { JsonBlock } from '../../parts/value';
import type { Editing } from './editing';
import { nameOf } from './model';
import css from './workflows.module.css';

const invented = { event_type: 'record_updated', table: 'orders', old_values: { id: 1, status: 'pending' }, new_values: { id: 1, status: 'paid' } };
const offered = 30;

/** What of a recorded event one may want to change. */
function textOf({ event_type, source, table, schema, database, record_id, old_values, new_values }: RowEvent): string {
  return writeJson({ event_type, source, database, schema, table, record_id, old_values, new_values }, 2);
}

/** The last events of the workflow's first trigger, or of any source; first of them the last one that the workflow ran for. */
function useSamples(id: string): { events: RowEvent[]; known: boolean } {
  const ran = useList<Execution>(['executions', 'of', id], '/executions', { workflow_id: id }, { limit: 5 });
  const triggers = useList<Trigger>(['triggers'], '/triggers', {}, { limit: 1000 });
  const eventId = ran.items.find((each) => each.event_id)?.event_id ?? '';
  const first = triggers.items.find((each) => each.workflow_id === id);
  const last = useRead<RowEvent>(['events', eventId], path`/events/${eventId}`, {}, { when: eventId !== '' });
  const recent = useList<RowEvent>(['events', 'for-run', id], '/events', { source: first?.source, event_type: first?.event_type }, { limit: offered, when: !triggers.loading });
  const lastRan = eventId === '' ? undefined : last.data;
  const others = recent.items.filter((each) => each.event_id !== lastRan?.event_id);
  return { events: lastRan ? [lastRan, ...others] : others, known: !ran.loading && !triggers.loading && !recent.loading && (eventId === '' || !last.isPending) };
}

export function RunPanel({ editing, dirty, onRun }: { editing: Editing; dirty: boolean; onRun: (run: Execution) => void }) {
  const samples = useSamples(editing.id);
  const [begin, setBegin] = useState<RowEvent[] | undefined>(); // what was there first: later events do not change the form
  if (samples.known && !begin) setBegin(samples.events);
  if (!useMay('operator')) return <Note tone="idle"><p>Running a workflow needs the role operator.</p></Note>;
  if (!begin) return <div aria-busy="true" />;
  return <RunForm editing={editing} dirty={dirty} onRun={onRun} first={begin[0]} events={samples.events} />;
}

interface RunFormProps {
  editing: Editing;
  dirty: boolean;
  onRun: (run: Execution) => void;
  first: RowEvent | undefined;
  events: RowEvent[];
}

function RunForm({ editing, dirty, onRun, first, events }: RunFormProps) {
  const [sample, setSample] = useState(first); // undefined: an invented one
  const [text, setText] = useState(() => (first ? textOf(first) : writeJson(invented, 2)));
  const [dry, setDry] = useState(true);
  const [target, setTarget] = useState('');
  const [wrong, setWrong] = useState<string | undefined>();
  const act = useAction((body: object) => api.post<Execution>(path`/workflows/${editing.id}/run`, body), 'executions');
  const pick = (event: RowEvent) => {
    setSample(event);
    setText(textOf(event));
    setWrong(undefined);
  };
  const submit = () => {
    setWrong(undefined);
    try {
      // One that was not changed runs as it was recorded, with everything that stands in the journal.
      const event = sample && text === textOf(sample) ? { event_id: sample.event_id } : { event: parseJson(text) };
      act.mutate({ ...event, dry_run: dry, ...(target === '' ? {} : { target_node_id: target }) }, { onSuccess: onRun });
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
    }
  };
  const inputs = editing.draft.nodes.filter((node) => editing.types.find((type) => type.name === node.node_type)?.is_input);
  return (
    <section aria-label="Run" className={css.panel}>
      <h2 className="sr-only">Run</h2>
      {dirty && <Note tone="warn"><p>What is saved runs, not what was changed here since.</p></Note>}
      <form className="stack" onSubmit={(event) => { event.preventDefault(); submit(); }}>
        <SampleChooser events={events} sample={sample} onPick={pick} />
        <div className="field">
          <label htmlFor="run-event">Event</label>
          <textarea id="run-event" rows={12} spellCheck={false} value={text} onChange={(change) => { setText(change.target.value); }} aria-invalid={wrong !== undefined} />
          {wrong && <span className="problem">{wrong}</span>}
          <span className="doc">{!sample ? 'An invented one: nothing is recorded for this workflow yet.' : text === textOf(sample) ? 'As it was recorded; change it as you like.' : 'Changed here; what is recorded stays as it is.'}</span>
        </div>
        {inputs.length > 1 && (
          <div className="field">
            <label htmlFor="run-target">Begin at</label>
            <select id="run-target" value={target} onChange={(change) => { setTarget(change.target.value); }}>
              <option value="">the first input</option>{inputs.map((node) => <option key={node.node_id} value={node.node_id}>{nameOf(node)}</option>)}
            </select>
          </div>
        )}
        <label className={css.choice}><input type="checkbox" checked={dry} onChange={(change) => { setDry(change.target.checked); }} />Without effects: requests and statements only say what they would do</label>
        <div><button type="submit" className={dry ? 'primary' : 'danger'} disabled={act.isPending}>{dry ? 'Run without effects' : 'Run with effects'}</button></div>
      </form>
      {act.error && <ProblemBox error={act.error} />}
      {editing.run && <Result run={editing.run} editing={editing} />}
    </section>
  );
}

/** A recorded event: one of the last ones, or any by its id. */
function SampleChooser({ events, sample, onPick }: { events: RowEvent[]; sample: RowEvent | undefined; onPick: (event: RowEvent) => void }) {
  const [id, setId] = useState('');
  const find = useAction((wanted: string) => api.get<RowEvent>(path`/events/${wanted}`));
  const listed = sample && !events.some((each) => each.event_id === sample.event_id) ? [sample, ...events] : events;
  const search = () => { if (id.trim() !== '') find.mutate(id.trim(), { onSuccess: onPick }); };
  return (
    <>
      {listed.length > 0 && (
        <div className="field">
          <label htmlFor="run-sample">Recorded event</label>
          <select id="run-sample" value={sample?.event_id ?? ''} onChange={(change) => { const event = listed.find((each) => each.event_id === change.target.value); if (event) onPick(event); }}>
            {!sample && <option value="">None</option>}
            {listed.map((each) => <option key={each.event_id} value={each.event_id}>{`${each.seq}  ${eventWord(each.event_type)}  ${each.table ?? each.source}  ${summaryOf(each)}`}</option>)}
          </select>
        </div>
      )}
      <div className="field">
        <label htmlFor="run-id">Or one by its id</label>
        <div className="row">
          <input id="run-id" className="grow" value={id} spellCheck={false} autoComplete="off" aria-invalid={find.error !== null} onChange={(change) => { setId(change.target.value); }} onKeyDown={(key) => { if (key.key === 'Enter') { key.preventDefault(); search(); } }} />
          <button type="button" disabled={id.trim() === '' || find.isPending} onClick={search}>Take it</button>
        </div>
        {find.error && <span className="problem">{find.error.message}</span>}
      </div>
    </>
  );
}

function Result({ run, editing }: { run: Execution; editing: Editing }) {
  const nodeOf = (step: Step) => editing.draft.nodes.find((each) => each.node_id === step.node_id);
  return (
    <Part title="Result" tools={<Status state={run.status} />}>
      {run.error_message && <p className="bad">{run.error_message}</p>}
      <ol className={css.steps} aria-label="Steps">
        {(run.steps ?? []).map((step, index) => {
          const node = nodeOf(step);
          return (
            <li key={index}>
              <details open={step.status === 'failed' || undefined}>
                <summary>
                  <span className="grow truncate">{node ? nameOf(node) : step.node_id} <span className="muted">{step.node_type}</span></span>
                  <Status state={step.status} /><span className="muted number">{durationText(step.execution_time_ms)}</span>
                </summary>
                <StepDetail step={step} />
              </details>
            </li>
          );
        })}
      </ol>
      <p className="muted"><Link href={`/executions?workflow_id=${encodeURIComponent(editing.id)}`}>Executions of this workflow</Link>: a run with effects is among them, one without is not kept.</p>
    </Part>
  );
}

/** What went into a node, and what came out. */
export function StepDetail({ step }: { step: Step }) {
  return (
    <div className="stack">
      {step.error_message && <p className={css.stepError}>{step.error_message}</p>}
      {(step.notes ?? []).map((note, index) => <p key={index}>{note}</p>)}
      {step.input !== undefined && <><h4>Input</h4><JsonBlock value={step.input} what="the input" lines={12} /></>}
      {step.output !== undefined && step.output !== null && <><h4>Output</h4><JsonBlock value={step.output} what="the output" lines={12} /></>}
    </div>
  );
}
