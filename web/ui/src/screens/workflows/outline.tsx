// Everything of the canvas as a list: what a keyboard, a screen reader and a narrow window use.
import { memo, useId, useMemo, useState } from 'react';
import { parseJson } from '../../api/json';
import type { FieldProblem } from '../../api/client';
import type { WorkflowConnection, WorkflowNode } from '../../api/types';
import { Icon } from '../../parts/icon';
import { Part } from '../../parts/pane';
import { useShortcut } from '../../parts/shortcuts';
import { Status } from '../../parts/status';
import { counted } from '../../parts/time';
import { countTitle, runs, useCount, type Counts } from './counts';
import { outcomesOf, whoIsAt, type Editing } from './editing';
import { nameOf, paste, type Draft } from './model';
import { nodeIcon } from './node-icon';
import { Palette } from './palette';
import css from './workflows.module.css';

interface Line {
  node: WorkflowNode;
  depth: number;
  from: string | undefined; // the port it hangs on, where that says something
}

/** The nodes in the order of the ways, each where it is first reached. */
function linesOf(draft: Pick<Draft, 'nodes' | 'connections'>): Line[] {
  const byId = new Map(draft.nodes.map((node) => [node.node_id, node]));
  const reached = new Set(draft.connections.map((each) => each.to_node_id));
  const leaving = new Map<string, WorkflowConnection[]>();
  for (const each of draft.connections) {
    const known = leaving.get(each.from_node_id);
    if (known) known.push(each);
    else leaving.set(each.from_node_id, [each]);
  }
  const lines = new Map<string, Line>();
  const visit = (node: WorkflowNode, depth: number, from: string | undefined) => {
    if (lines.has(node.node_id)) return;
    lines.set(node.node_id, { node, depth, from });
    for (const each of leaving.get(node.node_id) ?? []) {
      const next = byId.get(each.to_node_id);
      if (next) visit(next, depth + 1, each.from_port === 'output' ? undefined : each.from_port);
    }
  };
  for (const node of draft.nodes) if (!reached.has(node.node_id)) visit(node, 0, undefined);
  for (const node of draft.nodes) visit(node, 0, undefined);
  return [...lines.values()];
}

export function Outline({ editing }: { editing: Editing }) {
  const { draft, mayWrite, faults } = editing;
  const palette = useId();
  const lines = useMemo(() => linesOf({ nodes: draft.nodes, connections: draft.connections }), [draft.nodes, draft.connections]);
  const outcomes = useMemo(() => outcomesOf(editing.run), [editing.run]);
  useShortcut('a', 'Add a node', 'Workflow', () => { document.getElementById(palette)?.focus(); }, mayWrite);
  const step = (by: number) => {
    const at = lines.findIndex((each) => editing.selection.has(each.node.node_id));
    const next = lines[Math.max(0, Math.min(lines.length - 1, at + by))];
    if (next) editing.select([next.node.node_id], 'outline');
  };
  useShortcut('j', 'Next node', 'Workflow', () => { step(1); }, lines.length > 0);
  useShortcut('k', 'Previous node', 'Workflow', () => { step(-1); }, lines.length > 0);
  useShortcut('x', 'Choose the node that has the focus as well', 'Workflow', () => {
    const id = document.activeElement?.getAttribute('data-node');
    if (id) editing.toggle(id);
  }, lines.length > 0);
  const [first] = editing.selection;
  useShortcut('enter', 'Open the node', 'Workflow', () => { if (first !== undefined) editing.select([first], 'node'); }, first !== undefined);
  return (
    <section aria-label="Outline" className={css.panel}>
      <h2 className="sr-only">Outline</h2>
      {mayWrite && <Palette editing={editing} focusId={palette} />}
      {faults.rest.map((each) => <p key={each.pointer + each.detail} role="alert" className="bad"><code>{each.pointer}</code> {each.detail}</p>)}
      <RunCount counts={editing.counts} />
      <ul className={css.outline}>
        {lines.map((line) => {
          const id = line.node.node_id;
          return <OutlineLine key={id} line={line} counts={editing.counts} faults={faults.nodes.get(id) ?? noFault} outcome={outcomes.get(id)} who={whoIsAt(editing.others, id).join(', ')} chosen={editing.selection.has(id)} select={editing.select} toggle={editing.toggle} />;
        })}
      </ul>
      {lines.length === 0 && <p className="muted">No node yet. Begin with an input: that is where a trigger hands over its event.</p>}
      {mayWrite && <PasteForm editing={editing} />}
    </section>
  );
}

const noFault: FieldProblem[] = [];

function RunCount({ counts }: { counts: Counts }) {
  const count = useCount(counts, runs);
  if (count.all === 0) return null;
  return <p className="muted">{counted(count.all, 'execution')}{count.failed > 0 && `, ${count.failed.toLocaleString('en')} failed`} since this page was opened</p>;
}

interface LineProps {
  line: Line;
  counts: Counts;
  faults: FieldProblem[];
  outcome: string | undefined;
  who: string;
  chosen: boolean;
  select: Editing['select'];
  toggle: Editing['toggle'];
}

const OutlineLine = memo(function OutlineLine({ line, counts, faults, outcome, who, chosen, select, toggle }: LineProps) {
  const { node, depth, from } = line;
  const count = useCount(counts, 'node ' + node.node_id);
  return (
    <li>
      <button
        type="button" className={`plain ${css.line ?? ''}`} data-node={node.node_id} aria-current={chosen ? 'true' : undefined}
        style={{ paddingLeft: 8 + Math.min(depth, 8) * 14 }} onClick={(click) => { if (click.ctrlKey || click.metaKey || click.shiftKey) toggle(node.node_id); else select([node.node_id], 'node'); }}
      >
        <Icon name={nodeIcon(node.node_type)} />
        <span className="truncate">{from && <span className="muted">{from}: </span>}{nameOf(node)} <span className="muted">{node.node_type}</span></span>
        <span className="grow" />
        {who !== '' && <span className={css.who}>{who}</span>}
        {outcome && <Status state={outcome} />}
        {count.all > 0 && <span className="muted number" title={countTitle(count)}>{count.all.toLocaleString('en')}{count.failed > 0 && <span className="bad"> {count.failed.toLocaleString('en')} failed</span>}</span>}
      </button>
      {faults.map((each) => <p key={each.pointer + each.detail} className={css.lineFault}><Icon name="warn" size={14} /><span>{each.pointer.replace(/^\/config\//, '')} {each.detail}</span></p>)}
    </li>
  );
});

function PasteForm({ editing }: { editing: Editing }) {
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState<string | undefined>();
  const id = useId();
  const submit = () => {
    try {
      const pasted = paste(editing.draft, parseJson(text));
      editing.edit(() => pasted.draft);
      editing.select(pasted.ids, 'outline');
      setText('');
      setWrong(undefined);
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <details className={css.pasting}>
      <summary>Paste nodes as JSON</summary>
      <Part title="">
        <form className="field" onSubmit={(event) => { event.preventDefault(); submit(); }}>
          <label htmlFor={id}>Nodes and connections, as they were copied</label>
          <textarea id={id} rows={5} spellCheck={false} value={text} onChange={(change) => { setText(change.target.value); }} aria-invalid={wrong !== undefined} placeholder={'{"nodes": [{"node_id": "report", "node_type": "log", "config": {"message": "{{ new.id }}"}}]}'} />
          {wrong && <span className="problem">{wrong}</span>}
          <span className="doc">Ctrl C copies the chosen nodes, Ctrl V pastes them, in another workflow as well.</span>
          <div><button type="submit" disabled={text.trim() === ''}>Paste</button></div>
        </form>
      </Part>
    </details>
  );
}
