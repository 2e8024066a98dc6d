// The chosen node: its name, its settings, what it is connected to, and what went through it in the last run.
import { useId, useState } from 'react';
import { useList } from '../../api/queries';
import type { Script, Source, Trigger, WorkflowNode } from '../../api/types';
import type { CodeSubject } from '../../code/code-field';
import { CopyButton } from '../../parts/copy';
import { Icon } from '../../parts/icon';
import { Part } from '../../parts/pane';
import { useShortcut } from '../../parts/shortcuts';
import type { Editing } from './editing';
import { Doc, Form } from './fields';
import { changeNode, connect, copied, edgeKey, inputsOf, leadingTo, nameOf, outputsOf } from './model';
import { nodeIcon } from './node-icon';
import { Palette } from './palette';
import { StepDetail } from './run-panel';
import css from './workflows.module.css';

export function NodePanel({ editing }: { editing: Editing }) {
  const { draft, selection } = editing;
  const [id] = selection;
  const node = draft.nodes.find((each) => each.node_id === id);
  if (!node) return <p className="muted">Choose a node on the canvas or in the outline.</p>;
  return <OneNode key={node.node_id} node={node} editing={editing} />;
}

function OneNode({ node, editing }: { node: WorkflowNode; editing: Editing }) {
  const { types, faults, mayWrite, edit, run } = editing;
  const nameId = useId();
  const about = useSubject(editing.id);
  const scripts = useList<Script>(['scripts'], '/scripts', {}, { limit: 1000 }).items.map((each) => each.name);
  const connections = useList<Source>(['sources'], '/sources').items.map((each) => each.name);
  const type = types.find((each) => each.name === node.node_type);
  const own = faults.nodes.get(node.node_id) ?? [];
  const steps = run?.steps?.filter((each) => each.node_id === node.node_id) ?? [];
  return (
    <section aria-label={`Node ${nameOf(node)}`} className={css.panel}>
      <div className={css.panelHead}>
        <Icon name={nodeIcon(node.node_type)} /><h2 className="grow truncate">{nameOf(node)}</h2>
        <CopyButton text={copied(editing.draft, editing.selection)} what="the node as JSON" />
        {mayWrite && <button type="button" className="danger plain" onClick={editing.remove}><Icon name="trash" size={14} />Remove</button>}
      </div>
      <p className="field"><Doc text={type?.doc ?? `There is no node type \`${node.node_type}\` in this engine.`} /></p>
      {own.filter((each) => !each.pointer.startsWith('/config/')).map((each) => <p key={each.pointer + each.detail} role="alert" className="bad">{each.detail}</p>)}
      <div className="field">
        <label htmlFor={nameId}>Name</label>
        <input id={nameId} value={node.name} disabled={!mayWrite} onChange={(change) => { edit((draft) => changeNode(draft, node.node_id, { name: change.target.value }), `name ${node.node_id}`); }} />
        <span className="doc">{node.node_type}, in scripts and executions as <code>{node.node_id}</code></span>
      </div>
      {type && (
        <Form
          schema={type.config} value={node.config} pointer="/config" faults={own.filter((each) => each.pointer.startsWith('/config/'))} offers={{ scripts, connections, about }} disabled={!mayWrite}
          onChange={(config, member) => { edit((draft) => changeNode(draft, node.node_id, { config }), `config ${node.node_id} ${member}`); }}
        />
      )}
      <Connections node={node} editing={editing} />
      {mayWrite && outputsOf(node, type).length > 0 && <Part title="Add a node behind it"><Palette editing={editing} after={node} /></Part>}
      {steps.length > 0 && <Part title="In the last run">{steps.map((each, index) => <StepDetail key={index} step={each} />)}</Part>}
    </section>
  );
}

/** The rows that the workflow is started for: those of its triggers, where they are of one source. */
function useSubject(id: string): CodeSubject {
  const triggers = useList<Trigger>(['triggers'], '/triggers', {}, { limit: 1000 }).items.filter((each) => each.workflow_id === id);
  const sources = new Set(triggers.map((each) => each.source));
  if (sources.size !== 1) return {};
  const globs = triggers.map((each) => (Array.isArray(each.config['tables']) ? each.config['tables'].map(String) : []));
  return { source: [...sources][0], tables: globs.every((each) => each.length > 0) ? [...new Set(globs.flat())] : [] };
}

function Connections({ node, editing }: { node: WorkflowNode; editing: Editing }) {
  const { draft, mayWrite } = editing;
  const label = (id: string) => nameOf(draft.nodes.find((each) => each.node_id === id) ?? { ...node, name: id });
  const here = draft.connections.filter((each) => each.from_node_id === node.node_id || each.to_node_id === node.node_id);
  return (
    <Part title="Connections">
      <ul className={css.wires}>
        {here.map((each) => {
          const out = each.from_node_id === node.node_id;
          const other = out ? each.to_node_id : each.from_node_id;
          return (
            <li key={edgeKey(each)}>
              <span className="muted">{out ? `${each.from_port} to` : 'from'}</span>
              <button type="button" className="plain" onClick={() => { editing.select([other]); }}>{label(other)}</button>
              {!out && each.from_port !== 'output' && <span className="muted">{each.from_port}</span>}
              <span className="grow" />
              {mayWrite && <button type="button" className="plain icon" aria-label={`Disconnect ${label(other)}`} onClick={() => { editing.disconnect(new Set([edgeKey(each)])); }}><Icon name="close" size={14} /></button>}
            </li>
          );
        })}
      </ul>
      {here.length === 0 && <p className="muted">Not connected yet.</p>}
      {mayWrite && <ConnectForm node={node} editing={editing} />}
    </Part>
  );
}

function ConnectForm({ node, editing }: { node: WorkflowNode; editing: Editing }) {
  const { draft, types, edit } = editing;
  const typeOf = (each: WorkflowNode) => types.find((type) => type.name === each.node_type);
  const ports = outputsOf(node, typeOf(node));
  const chooser = useId();
  const [chosenPort, setPort] = useState('');
  const port = ports.includes(chosenPort) ? chosenPort : (ports[0] ?? '');
  const wire = (to: WorkflowNode) => ({ from_node_id: node.node_id, from_port: port, to_node_id: to.node_id, to_port: inputsOf(typeOf(to))[0] ?? '' });
  const before = leadingTo(draft, node.node_id);
  const there = new Set(draft.connections.map(edgeKey));
  const targets = draft.nodes.filter((each) => inputsOf(typeOf(each)).length > 0 && !before.has(each.node_id) && !there.has(edgeKey(wire(each))));
  useShortcut('c', 'Connect the node', 'Workflow', () => { document.getElementById(chooser)?.focus(); }, port !== '');
  if (port === '') return null;
  return (
    <div className="row">
      {ports.length > 1 && <select aria-label="Output port" value={port} onChange={(change) => { setPort(change.target.value); }}>{ports.map((each) => <option key={each} value={each}>{each}</option>)}</select>}
      <select
        id={chooser} aria-label="Connect to" value="" disabled={targets.length === 0}
        onChange={(change) => {
          const to = targets.find((each) => each.node_id === change.target.value);
          if (to) edit((before) => connect(before, wire(to)));
        }}
      >
        <option value="" disabled>{targets.length === 0 ? 'No other node to connect to' : 'Connect to…'}</option>
        {targets.map((each) => <option key={each.node_id} value={each.node_id}>{nameOf(each)}</option>)}
      </select>
    </div>
  );
}
