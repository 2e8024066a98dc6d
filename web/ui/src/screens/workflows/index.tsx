// The list of workflows; one of them in its editor, under its own address.
import { lazy, Suspense, useState } from 'react';
import { useLocation } from 'wouter';
import { api, path } from '../../api/client';
import { useAction, useList, useMay } from '../../api/queries';
import type { Trigger, Workflow } from '../../api/types';
import { CodeBlock } from '../../parts/copy';
import { Icon } from '../../parts/icon';
import { Empty, ProblemBox } from '../../parts/notice';
import { Screen, useOpened } from '../../parts/screen';
import { Status } from '../../parts/status';
import { Switch } from '../../parts/switch';
import { DataTable, type Column } from '../../parts/table';
import { countText } from '../../parts/time';
import { draftOf } from './model';
import css from './workflows.module.css';

const Editor = lazy(() => import('./editor'));

export default function Workflows() {
  const opened = useOpened();
  return opened === undefined ? <WorkflowList /> : <Suspense fallback={<div aria-busy="true" />}><Editor key={opened} id={opened} /></Suspense>;
}

function columnsFor(mayWrite: boolean, triggers: Trigger[]): Column<Workflow>[] {
  const count = (each: Workflow) => triggers.filter((trigger) => trigger.workflow_id === each.id).length;
  return [
    { key: 'active', title: 'State', width: '110px', narrow: true, render: (each) => (mayWrite ? <ActiveSwitch workflow={each} /> : <Status state={each.is_active ? 'active' : 'inactive'} />) },
    { key: 'name', title: 'Name', width: 'minmax(160px, 2fr)', narrow: true, sort: (each) => each.name, render: (each) => each.name },
    { key: 'id', title: 'Id', width: 'minmax(120px, 1fr)', sort: (each) => each.id, render: (each) => <span className="mono">{each.id}</span> },
    { key: 'description', title: 'Description', width: 'minmax(120px, 2fr)', render: (each) => <span className="muted" title={each.description}>{each.description}</span> },
    { key: 'triggers', title: 'Triggers', width: '80px', number: true, sort: count, render: count },
    { key: 'nodes', title: 'Nodes', width: '80px', number: true, sort: (each) => each.nodes.length, render: (each) => each.nodes.length },
  ];
}

function WorkflowList() {
  const [, go] = useLocation();
  const [making, setMaking] = useState(false);
  const mayWrite = useMay('author');
  const list = useList<Workflow>(['workflows'], '/workflows');
  const triggers = useList<Trigger>(['triggers'], '/triggers', {}, { limit: 1000 }).items;
  return (
    <Screen
      title="Workflows" count={countText(list.total)}
      tools={mayWrite && !making && <><span className="grow" /><button type="button" onClick={() => { setMaking(true); }}><Icon name="plus" size={14} />New workflow</button></>}
    >
      {list.error && <ProblemBox error={list.error} />}
      {making && <NewWorkflow onClose={() => { setMaking(false); }} />}
      <DataTable
        name="workflows" label="Workflows" rows={list.items} columns={columnsFor(mayWrite, triggers)} rowKey={(each) => each.id} onEnd={list.more}
        onOpen={(each) => { go(`/workflows/${encodeURIComponent(each.id)}`); }}
        empty={list.loading ? null : <NoWorkflow onNew={mayWrite && !making ? () => { setMaking(true); } : undefined} />}
      />
    </Screen>
  );
}

function ActiveSwitch({ workflow }: { workflow: Workflow }) {
  const act = useAction(async (on: boolean) => {
    const stored = await api.fetch<Workflow>(path`/workflows/${workflow.id}`);
    return api.put(path`/workflows/${workflow.id}`, { ...draftOf(stored.body), is_active: on }, stored.etag);
  }, 'workflows');
  return (
    <span className="row">
      <Switch on={workflow.is_active} label={`Workflow ${workflow.name} is active`} disabled={act.isPending} onChange={(on) => { act.mutate(on); }} />
      <span className={act.error ? 'bad' : 'muted'} title={act.error?.message}>{act.error ? 'Refused' : workflow.is_active ? 'Active' : 'Inactive'}</span>
    </span>
  );
}

function NewWorkflow({ onClose }: { onClose: () => void }) {
  const [, go] = useLocation();
  const [name, setName] = useState('');
  const make = useAction((body: object) => api.post<Workflow>('/workflows', body), 'workflows');
  const submit = () => {
    const input = { node_id: 'in', node_type: 'input', name: 'Input', config: {}, position: { x: 0, y: 0 } };
    make.mutate({ name: name.trim(), is_active: false, nodes: [input], connections: [] }, { onSuccess: (made) => { go(`/workflows/${encodeURIComponent(made.id)}`); } });
  };
  const problem = make.error?.at('/name');
  return (
    <form className={css.newForm} onSubmit={(event) => { event.preventDefault(); submit(); }}>
      <div className="field grow">
        <label htmlFor="workflow-name">Name of the new workflow</label>
        <input
          id="workflow-name" autoFocus value={name} placeholder="Tell the warehouse" aria-invalid={problem !== undefined}
          onChange={(change) => { setName(change.target.value); }} onKeyDown={(key) => { if (key.key === 'Escape') onClose(); }}
        />
        {problem && <span className="problem">{problem.detail}</span>}
      </div>
      <button type="submit" className="primary" disabled={name.trim() === '' || make.isPending}>Make it</button>
      <button type="button" onClick={onClose}>Cancel</button>
      {make.error && !problem && <ProblemBox error={make.error} />}
    </form>
  );
}

function NoWorkflow({ onNew }: { onNew: (() => void) | undefined }) {
  return (
    <Empty title="No workflow yet">
      <p>A workflow says what runs when a trigger fires: nodes that filter, change, send and write, and the ways between them.</p>
      {onNew && <div><button type="button" className="primary" onClick={onNew}>Make the first one</button></div>}
      <p>Workflows also come from files:</p>
      <CodeBlock what="the command" text="rowhook apply my-workflows" />
    </Empty>
  );
}
