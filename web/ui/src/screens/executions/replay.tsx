// A workflow run once more for an event that is in the journal: first to see what it would do, then for real.
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { Link } from 'wouter';
import { api, path, type Problem } from '../../api/client';
import { parseJson, writeJson, type JsonValue } from '../../api/json';
import { useAction, useRead } from '../../api/queries';
import type { Execution, RowEvent, Trigger, TriggerTest, Verdict } from '../../api/types';
import { Journey } from '../../parts/journey';
import { effectStop, stepStops } from '../../parts/journey-stops';
import { Note, ProblemBox } from '../../parts/notice';
import { Status } from '../../parts/status';
import css from './executions.module.css';

interface Subject {
  workflowId: string;
  targetNodeId: string | null;
  eventId: string | null;
  input: JsonValue; // what it starts with
  isEvent: boolean; // that is the event as it stands in the journal
}

/** The form for something that can be replayed. */
export function ReplayForm({ subject, onClose }: { subject: Subject; onClose: () => void }) {
  const id = useId();
  const recorded = writeJson(subject.input, 2);
  const [text, setText] = useState(recorded);
  const [dry, setDry] = useState(true);
  const [wrong, setWrong] = useState<string | undefined>();
  const run = useAction(async (body: { dry_run: boolean }) => ({ ...(await api.post<Execution>(path`/workflows/${subject.workflowId}/run`, body)), dry: body.dry_run }), 'executions');
  const submit = () => {
    setWrong(undefined);
    try {
      const item = subject.isEvent && text === recorded ? {} : { item: parseJson(text) };
      run.mutate({
        ...(subject.eventId === null ? {} : { event_id: subject.eventId }), ...item,
        ...(subject.targetNodeId === null ? {} : { target_node_id: subject.targetNodeId }), dry_run: dry,
      });
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
    }
  };
  const made = run.data;
  return (
    <form className="stack" aria-label="Replay" onSubmit={(event) => { event.preventDefault(); submit(); }}>
      <div className="field">
        <label htmlFor={id}>What {subject.workflowId} starts with</label>
        <textarea id={id} rows={12} spellCheck={false} value={text} onChange={(change) => { setText(change.target.value); }} aria-invalid={wrong !== undefined} />
        {wrong && <span className="problem">{wrong}</span>}
      </div>
      <label className={css.choice}><input type="checkbox" checked={dry} onChange={(change) => { setDry(change.target.checked); }} />Without effects: requests and statements only say what they would do</label>
      {!dry && <p className="muted">It runs once, now, beside what waits for the same row, under an id of its own: receivers take it for something new. It is not tried again when it fails.</p>}
      <div className="row">
        <button type="submit" className={dry ? 'primary' : 'danger'} disabled={run.isPending}>{dry ? 'Replay without effects' : 'Replay with effects'}</button>
        <button type="button" onClick={onClose}>Close</button>
      </div>
      {run.error && <ProblemBox error={run.error} />}
      {made && (
        <div className="stack" role="region" aria-label="What the replay did">
          <div className="row"><Status state={made.status} />{made.dry ? <span className="muted">Nothing was sent or written.</span> : <Link href={`/executions/${encodeURIComponent(made.id)}`}>Open its execution</Link>}</div>
          {made.error_message && <Note tone="bad">{made.error_message}</Note>}
          <Journey stops={[...stepStops(made.steps ?? []), effectStop(made)]} />
        </div>
      )}
    </form>
  );
}

/** The replay of an event by one of the triggers for its source and type. */
export function EventReplay({ event, verdicts, onClose }: { event: RowEvent; verdicts: Verdict[]; onClose: () => void }) {
  const id = useId();
  const [chosen, setChosen] = useState(() => (verdicts.find((each) => each.verdict === 'matched') ?? verdicts[0])?.trigger_id ?? 0);
  const trigger = useRead<Trigger>(['triggers', chosen], path`/triggers/${chosen}`);
  const test = useQuery<TriggerTest, Problem>({ queryKey: ['trigger-test', chosen, event.event_id], queryFn: ({ signal }) => api.post<TriggerTest>(path`/triggers/${chosen}/test`, { event_id: event.event_id }, signal), staleTime: 0, gcTime: 0 });
  const verdict = verdicts.find((each) => each.trigger_id === chosen);
  const known = trigger.data && test.data && trigger.data.id === chosen ? { trigger: trigger.data, test: test.data } : undefined;
  const transforms = known !== undefined && known.test.item !== null && ('transform' in known.trigger.config || 'transform_script' in known.trigger.config);
  return (
    <div className="stack">
      <div className="field">
        <label htmlFor={id}>Trigger</label>
        <select id={id} value={chosen} onChange={(change) => { setChosen(Number(change.target.value)); }}>
          {verdicts.map((each) => <option key={each.trigger_id} value={each.trigger_id}>{each.trigger_name}</option>)}
        </select>
      </div>
      {verdict?.execution_id && <p className="muted">It ran for this event before: <Link href={`/executions/${encodeURIComponent(verdict.execution_id)}`}>{verdict.execution_id}</Link>.</p>}
      {known && known.test.item === null && <Note tone="warn"><p>The trigger as it is now would not fire: {known.test.reason}. Its workflow can be run all the same.</p></Note>}
      {(trigger.error ?? test.error) && <ProblemBox error={trigger.error ?? test.error} />}
      {known && (
        <ReplayForm
          key={chosen} onClose={onClose}
          subject={{ workflowId: known.trigger.workflow_id, targetNodeId: known.trigger.target_node_id, eventId: event.event_id, input: transforms ? known.test.item : (event as unknown as JsonValue), isEvent: !transforms }}
        />
      )}
    </div>
  );
}
