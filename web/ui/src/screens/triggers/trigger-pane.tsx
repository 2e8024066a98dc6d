// One trigger: whether it is on, what it is for and under which conditions, what came of it, and a test.
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api, path } from '../../api/client';
import { useAction, useMay, useRead } from '../../api/queries';
import type { Trigger } from '../../api/types';
import { isRecord } from '../../api/json';
import { BacktestPart } from '../../parts/backtest-part';
import { CodeBlock, Id } from '../../parts/copy';
import { Note, ProblemBox } from '../../parts/notice';
import { Facts, Pane, Part } from '../../parts/pane';
import { useShortcut } from '../../parts/shortcuts';
import { Status } from '../../parts/status';
import { Switch } from '../../parts/switch';
import { RelativeTime } from '../../parts/time';
import { Value } from '../../parts/value';
import { Outcomes } from './counts';
import { useSwitch } from './switching';
import { TestPart } from './test-part';

function Breaker({ trigger }: { trigger: Trigger }) {
  const breaker = trigger['breaker'];
  if (!isRecord(breaker as never)) return null;
  const { state, stops, since, next_trial: next } = breaker as { state: string; stops?: number; since?: string; next_trial?: string };
  if (state === 'closed') return null;
  return (
    <Note tone="warn">
      <p><strong>Its script had to be stopped {stops} times</strong>, so it is tried with one event at a time since <RelativeTime at={since} />; next <RelativeTime at={next} />. What waits runs in order once a trial is good.</p>
    </Note>
  );
}

function Conditions({ trigger }: { trigger: Trigger }) {
  const entries = Object.entries(trigger.config);
  if (entries.length === 0) return <p className="muted">None: every {trigger.event_type} of {trigger.source} fires it.</p>;
  return (
    <>
      {entries.map(([name, value]) => (
        <div key={name} className="stack">
          <span className="muted">{name}</span>
          {typeof value === 'string' && ['where', 'filter', 'transform'].includes(name) ? <CodeBlock text={value} what={name} />
          : typeof value === 'string' && name.endsWith('_script') ? <Link href={`/scripts/${encodeURIComponent(value)}`} className="mono">{value}</Link>
          : <Value value={value} />}
        </div>
      ))}
    </>
  );
}

export function TriggerPane({ id }: { id: string }) {
  const [, go] = useLocation();
  const mayOperate = useMay('operator');
  const mayWrite = useMay('author');
  const mayAdminister = useMay('admin');
  const found = useRead<Trigger>(['triggers', id], path`/triggers/${id}`, {}, { every: 5_000 });
  const flip = useSwitch();
  const trigger = found.data;
  const turn = () => { if (trigger) flip.mutate({ triggers: [trigger], active: !trigger.is_active }); };
  const edit = `/triggers/${id}/edit${window.location.search}`;
  useShortcut('e', 'Enable or disable the trigger', 'Triggers', turn, mayOperate && trigger !== undefined && !flip.isPending);
  useShortcut('c', 'Change the trigger', 'Triggers', () => { go(edit); }, mayWrite && trigger !== undefined);
  const refused = flip.data?.failed[0]?.problem;
  return (
    <Pane
      title={trigger?.name ?? 'Trigger'} label={`Trigger ${id}`} closeTo="/triggers"
      tools={trigger && (
        <>
          <Status state={trigger.is_active ? 'active' : 'inactive'} />
          <Switch on={trigger.is_active} label={`The trigger ${trigger.name} is active`} disabled={!mayOperate || flip.isPending} onChange={turn} />
        </>
      )}
    >
      {found.error && <ProblemBox error={found.error} onRetry={() => void found.refetch()} />}
      {flip.error && <ProblemBox error={flip.error} />}
      {refused && <ProblemBox error={refused} />}
      {trigger && (
        <>
          <Breaker trigger={trigger} />
          {trigger.description && <p>{trigger.description}</p>}
          {mayWrite && <Actions trigger={trigger} edit={edit} />}
          <Part title="What came of it"><Outcomes id={trigger.id} /></Part>
          <TestPart key={trigger.revision} trigger={trigger} />
          {mayWrite && <BacktestPart key={`back-${trigger.revision}`} body={{ trigger_id: trigger.id }} what="this trigger" stored />}
          <Part title="When it fires">
            <Facts
              facts={[
                ['Source', <Link key="source" href={`/sources/${encodeURIComponent(trigger.source)}`}>{trigger.source}</Link>],
                ['Event', <span key="event" className="mono">{trigger.event_type}</span>],
              ]}
            />
          </Part>
          <Part title="Conditions and settings"><Conditions trigger={trigger} /></Part>
          <Part title="What runs">
            <Facts
              facts={[
                ['Workflow', <Link key="workflow" href={`/workflows/${encodeURIComponent(trigger.workflow_id)}`}>{trigger.workflow_id}</Link>],
                ['Starts at', trigger.target_node_id ?? 'the first input node'],
                ['Revision', trigger.revision],
                ['Changed', <span key="changed" className="row"><RelativeTime at={trigger.updated_at} />{mayAdminister && <Link href={`/settings/audit?object=/triggers/${trigger.id}`}>by whom</Link>}</span>],
                ['Id', <Id key="id" id={String(trigger.id)} what="the trigger's id" />],
              ]}
            />
          </Part>
        </>
      )}
    </Pane>
  );
}

function Actions({ trigger, edit }: { trigger: Trigger; edit: string }) {
  const [, go] = useLocation();
  const [sure, setSure] = useState(false);
  const remove = useAction(async () => {
    await api.remove(path`/triggers/${trigger.id}`, `"${trigger.revision}"`);
    go('/triggers' + window.location.search); // before the lists are renewed: this one would be asked for again
  }, 'triggers', 'trigger-metrics');
  return (
    <>
      {sure ? (
        <div className="row">
          <strong>Deleting cannot be undone.</strong>
          <button type="button" className="danger" disabled={remove.isPending} onClick={() => { remove.mutate(undefined); }}>Delete the trigger</button>
          <button type="button" onClick={() => { setSure(false); }}>Keep it</button>
        </div>
      ) : (
        <div className="row">
          <Link href={edit} className="button">Edit</Link>
          <Link href={`/triggers/new?from=${trigger.id}`} className="button plain">Copy</Link>
          <button type="button" className="danger" onClick={() => { setSure(true); }}>Delete…</button>
        </div>
      )}
      {remove.error && <ProblemBox error={remove.error} />}
    </>
  );
}
