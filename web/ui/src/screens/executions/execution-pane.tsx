// One execution: what happened, node by node, and what can be done about it.
import { useState } from 'react';
import { Link } from 'wouter';
import { api, path } from '../../api/client';
import { parseJson, sameJson, writeJson, type JsonValue } from '../../api/json';
import { useAction, useMay, useRead } from '../../api/queries';
import type { Execution, RowEvent, Trigger, Workflow } from '../../api/types';
import { Id } from '../../parts/copy';
import { Icon } from '../../parts/icon';
import { Journey, type Stop } from '../../parts/journey';
import { effectStop, eventStops, eventWord, stepStops } from '../../parts/journey-stops';
import { ErrorText, Note, ProblemBox } from '../../parts/notice';
import { Facts, Pane, Part } from '../../parts/pane';
import { useShortcut } from '../../parts/shortcuts';
import { Status } from '../../parts/status';
import { durationText, RelativeTime } from '../../parts/time';
import { ShortValue } from '../../parts/value';
import css from './executions.module.css';
import { ReplayForm } from './replay';
import { Timeline } from './timeline';

const ended = new Set(['completed', 'dead_letter', 'cancelled', 'discarded']);

interface ActionsProps {
  execution: Execution;
  failedAt: string | undefined; // the node
  onEdit: () => void;
  onReplay: () => void;
}

function Actions({ execution, failedAt, onEdit, onReplay }: ActionsProps) {
  const mayOperate = useMay('operator');
  const retry = useAction((id: string) => api.post(path`/executions/${id}/retry`), 'executions');
  const cancel = useAction((id: string) => api.post(path`/executions/${id}/cancel`), 'executions');
  const canRetry = mayOperate && execution.trigger_id !== null && (ended.has(execution.status) || execution.status === 'retrying') && execution.status !== 'completed';
  useShortcut('r', 'Retry the execution', 'Executions', () => { retry.mutate(execution.id); }, canRetry);
  const canCancel = mayOperate && !ended.has(execution.status);
  const canReplay = mayOperate && (execution.steps?.length ?? 0) > 0;
  if (!canRetry && !canCancel && !canReplay) return null;
  return (
    <>
      <div className="row">
        {canRetry && <button type="button" className="primary" disabled={retry.isPending} onClick={() => { retry.mutate(execution.id); }}><Icon name="retry" size={14} />{failedAt ? `Retry from ${failedAt}` : 'Retry'}</button>}
        {canRetry && <button type="button" onClick={onEdit}>Retry with another input…</button>}
        {canReplay && <button type="button" onClick={onReplay} title="Run its workflow once more, under an id of its own, with effects or without">Replay…</button>}
        {canCancel && <button type="button" className="danger" disabled={cancel.isPending} onClick={() => { cancel.mutate(execution.id); }}>Cancel</button>}
      </div>
      {canRetry && failedAt && <p className="muted">What ran before {failedAt} is not repeated, unless the engine was restarted or the workflow changed since.</p>}
      {retry.error && <ProblemBox error={retry.error} />}
      {cancel.error && <ProblemBox error={cancel.error} />}
    </>
  );
}

function EditInput({ execution, onDone }: { execution: Execution; onDone: () => void }) {
  const [text, setText] = useState(() => writeJson(execution.edited_input ?? execution.steps?.[0]?.input ?? {}, 2));
  const [wrong, setWrong] = useState<string | undefined>();
  const retry = useAction((input: JsonValue) => api.post(path`/executions/${execution.id}/retry`, { input }), 'executions');
  const submit = () => {
    try {
      retry.mutate(parseJson(text), { onSuccess: onDone });
      setWrong(undefined);
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <form className="field" onSubmit={(event) => { event.preventDefault(); submit(); }}>
      <label htmlFor="edited-input">Input in place of the recorded one</label>
      <textarea id="edited-input" rows={14} spellCheck={false} value={text} onChange={(change) => { setText(change.target.value); }} aria-invalid={wrong !== undefined} />
      {wrong && <span className="problem">{wrong}</span>}
      {retry.error && <ProblemBox error={retry.error} />}
      <div className="row"><button type="submit" className="primary" disabled={retry.isPending}>Retry with this input</button><button type="button" onClick={onDone}>Cancel</button></div>
    </form>
  );
}

function Outcome({ execution }: { execution: Execution }) {
  if (execution.status === 'dead_letter')
    return <Note tone="bad"><ErrorText text={execution.error_message} /><p>All retries are used up after {execution.attempt === 1 ? 'one attempt' : `${execution.attempt} attempts`}. It is kept until somebody retries or discards it.</p></Note>;
  if (execution.status === 'retrying')
    return <Note tone="warn"><ErrorText text={execution.error_message} /><p>Attempt {execution.attempt} failed; the next one <RelativeTime at={execution.next_attempt_at} />. Later changes of the same row wait for it.</p></Note>;
  if (execution.error_message) return <Note tone="idle"><ErrorText text={execution.error_message} /></Note>;
  return null;
}

export function ExecutionPane({ id }: { id: string }) {
  const found = useRead<Execution>(['executions', id], path`/executions/${id}`, {}, { every: 2_000 });
  const execution = found.data;
  const eventId = execution?.event_id ?? '';
  const event = useRead<RowEvent>(['events', eventId], path`/events/${eventId}`, {}, { when: eventId !== '' });
  const workflow = useRead<Workflow>(['workflows', execution?.workflow_id], path`/workflows/${execution?.workflow_id ?? ''}`, {}, { when: execution !== undefined });
  const triggerId = execution?.trigger_id ?? 0;
  const ofTrigger = useRead<Trigger>(['triggers', triggerId], path`/triggers/${triggerId}`, {}, { when: triggerId !== 0 });
  const [doing, setDoing] = useState<'edit' | 'replay' | undefined>();
  const [failedOnly, setFailedOnly] = useState(false);
  const nameOf = (nodeId: string) => workflow.data?.nodes.find((node) => node.node_id === nodeId)?.name || nodeId;
  const steps = execution?.steps ?? [];
  const failed = steps.filter((step) => step.status !== 'completed');
  const trigger: Stop[] = execution?.trigger_id
    ? [{ key: 'trigger', title: ofTrigger.data?.name ?? `Trigger ${execution.trigger_id}`, state: 'matched', detail: <Link href={`/triggers/${execution.trigger_id}`}>Open the trigger</Link> }]
    : [];
  const stops: Stop[] = execution
    ? [...(event.data ? eventStops(event.data) : []), ...trigger, ...stepStops(failedOnly ? failed : steps, nameOf), effectStop(execution)]
    : [];
  const broken = steps.findIndex((step) => step.error_message);
  return (
    <Pane
      title={execution ? <>{workflow.data?.name ?? execution.workflow_id}{execution.table && <>: {execution.table} <ShortValue value={execution.key} keys /></>}</> : 'Execution'}
      label={`Execution ${id}`} closeTo="/executions" tools={execution && <Status state={execution.status} />}
    >
      {found.error && <ProblemBox error={found.error} onRetry={() => void found.refetch()} />}
      {execution && (
        <>
          <Outcome execution={execution} />
          {doing === 'edit' && <EditInput execution={execution} onDone={() => { setDoing(undefined); }} />}
          {doing === 'replay' && (eventId === '' || !event.isPending) && (
            <Part title="Replay">
              <ReplayForm
                onClose={() => { setDoing(undefined); }}
                subject={{ workflowId: execution.workflow_id, targetNodeId: execution.target_node_id, eventId: event.data ? eventId : null, input: steps[0]?.input ?? null, isEvent: event.data !== undefined && sameJson(steps[0]?.input, event.data as unknown as JsonValue) }}
              />
            </Part>
          )}
          {doing === undefined && <Actions execution={execution} failedAt={broken > 0 ? nameOf(steps[broken]?.node_id ?? '') : undefined} onEdit={() => { setDoing('edit'); }} onReplay={() => { setDoing('replay'); }} />}
          <Part
            title="Journey"
            tools={failed.length > 0 && steps.length > 1 && (
              <label className="row"><input type="checkbox" checked={failedOnly} onChange={(change) => { setFailedOnly(change.target.checked); }} />Failed nodes only</label>
            )}
          >
            <Journey stops={stops} first={broken >= 0 && !failedOnly ? `step-${broken}` : undefined} key={broken} />
            {event.error?.status === 404 && <p className="muted">The event is no longer in the journal.</p>}
          </Part>
          {steps.length > 0 && <Part title="Time"><Timeline steps={failedOnly ? failed : steps} nameOf={nameOf} total={execution.execution_time_ms} /></Part>}
          <Part title="Facts">
            <Facts
              facts={[
                ['Id', <Id key="id" id={execution.id} what="the execution's id" keep={20} />],
                ['Event', execution.event_id ? <Link key="event" href={`/events/${encodeURIComponent(execution.event_id)}`} className={css.event}>{eventWord(execution.event_type)}</Link> : 'run by hand'],
                ['Workflow', <Link key="workflow" href={`/workflows/${encodeURIComponent(execution.workflow_id)}`}>{execution.workflow_id}</Link>],
                ['Starts at', execution.target_node_id ? nameOf(execution.target_node_id) : 'the first input node'],
                ['Attempt', execution.attempt],
                ['Took', durationText(execution.execution_time_ms)],
                ['Made', <RelativeTime key="created" at={execution.created_at} />],
                ['Ended', <RelativeTime key="finished" at={execution.finished_at} />],
              ]}
            />
          </Part>
        </>
      )}
    </Pane>
  );
}
