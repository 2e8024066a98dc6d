// Runs the saved workflow once for a sample event; every node's input and output.
import { useState } from 'react';
import { Link } from 'wouter';
import { api, path } from '../../api/client';
import { parseJson, writeJson } from '../../api/json';
import { useAction, useList, useMay, useRead } from '../../api/queries';
import type { Execution, RowEvent, Step, Trigger } from '../../api/types';
import { Note, ProblemBox } from '../../parts/notice';
import { Part } from '../../parts/pane';
import { Status } from '../../parts/status';
import { durationText } from '../../parts/time';
import { JsonBlock } from '../../parts/value';
import type { Editing } from './editing';
import { nameOf } from './model';
import css from './workflows.module.css';

const invented = { event_type: 'record_updated', table: 'orders', old_values: { id: 1, status: 'pending' }, new_values: { id: 1, status: 'paid' } };

/** The last event that this workflow ran for, or the last one of its first trigger's kind. */
function useSample(id: string): { event: unknown; known: boolean; recorded: boolean } {
  const ran = useList<Execution>(['executions', 'of', id], '/executions', { workflow_id: id }, { limit: 5 });
  const trigger = useList<Trigger>(['triggers'], '/triggers', {}, { limit: 1000 });
  const eventId = ran.items.find((each) => each.event_id)?.event_id ?? '';
  const first = trigger.items.find((each) => each.workflow_id === id);
  const event = useRead<RowEvent>(['events', eventId], path`/events/${eventId}`, {}, { when: eventId !== '' });
  const alike = useList<RowEvent>(['events', 'alike', id], '/events', { source: first?.source, event_type: first?.event_type }, { limit: 1, when: !ran.loading && eventId === '' && first !== undefined });
  const recorded = eventId === '' ? alike.items[0] : event.data;
  const settled = !ran.loading && (eventId === '' ? !trigger.loading && (first === undefined || !alike.loading) : !event.isPending);
  if (!recorded || !settled) return { event: invented, known: settled, recorded: false };
  const { event_type, source, table, schema, database, record_id, old_values, new_values } = recorded;
  return { event: { event_type, source, database, schema, table, record_id, old_values, new_values }, known: true, recorded: true };
}

export function RunPanel({ editing, dirty, onRun }: { editing: Editing; dirty: boolean; onRun: (run: Execution) => void }) {
  const sample = useSample(editing.id);
  if (!useMay('operator')) return <Note tone="idle"><p>Running a workflow needs the role operator.</p></Note>;
  if (!sample.known) return <div aria-busy="true" />;
  return <RunForm editing={editing} dirty={dirty} onRun={onRun} sample={sample} />;
}

interface RunFormProps {
  editing: Editing;
  dirty: boolean;
  onRun: (run: Execution) => void;
  sample: { event: unknown; recorded: boolean };
}

function RunForm({ editing, dirty, onRun, sample }: RunFormProps) {
  const [text, setText] = useState(() => writeJson(sample.event, 2));
  const [dry, setDry] = useState(true);
  const [target, setTarget] = useState('');
  const [wrong, setWrong] = useState<string | undefined>();
  const act = useAction((body: object) => api.post<Execution>(path`/workflows/${editing.id}/run`, body), 'executions');
  const submit = () => {
    setWrong(undefined);
    try {
      act.mutate({ event: parseJson(text), dry_run: dry, ...(target === '' ? {} : { target_node_id: target }) }, { onSuccess: onRun });
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
        <div className="field">
          <label htmlFor="run-event">Event</label>
          <textarea id="run-event" rows={12} spellCheck={false} value={text} onChange={(change) => { setText(change.target.value); }} aria-invalid={wrong !== undefined} />
          {wrong && <span className="problem">{wrong}</span>}
          <span className="doc">{sample.recorded ? 'The last recorded one for this workflow; change it as you like.' : 'An invented one: nothing is recorded for this workflow yet.'}</span>
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
      <p className="muted">A run by hand is no execution: it is not kept. <Link href={`/executions?workflow_id=${encodeURIComponent(editing.id)}`}>Its executions</Link></p>
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
