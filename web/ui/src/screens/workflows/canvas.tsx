// The canvas. It only shows the draft and says what was done to it; the outline does the same without a mouse.
import '@xyflow/react/dist/base.css';
import {
  Background, BackgroundVariant, BaseEdge, EdgeLabelRenderer, getBezierPath, Handle, Position, ReactFlow, ReactFlowProvider, useReactFlow, useStore, useUpdateNodeInternals,
  type Edge, type EdgeChange, type EdgeProps, type Node, type NodeChange, type NodeProps,
} from '@xyflow/react';
import { createContext, memo, useContext, useEffect, useMemo, useRef, useState } from 'react';
import type { WorkflowNode } from '../../api/types';
import { Icon } from '../../parts/icon';
import { countTitle, useCount, useWent, type Counts } from './counts';
import { outcomesOf, whoIsAt, type Editing } from './editing';
import { connect, edgeKey, inputsOf, mayConnect, nameOf, nodeHeight, nodeWidth, outputsOf } from './model';
import { nodeIcon } from './node-icon';
import css from './workflows.module.css';

interface Shown extends Record<string, unknown> {
  node: WorkflowNode;
  inputs: string[];
  outputs: string[];
  faults: string[];
  outcome: string | undefined; // of the last run by hand
  who: string[];
}
type ShownNode = Node<Shown, 'step'>;
type ShownEdge = Edge<{ port: string | undefined }, 'way'>;

// What is the same for all nodes. `near`: close enough for its text to be read; from afar a node shows colour only.
const Overlay = createContext<{ counts: Counts; near: boolean } | undefined>(undefined);
const readable = 0.35; // zoom

function useOverlay() {
  const overlay = useContext(Overlay);
  if (!overlay) throw new Error('outside of the canvas');
  return overlay;
}

const roomForNames = 5; // of ports inside a node; more of them stand on their edges
const percent = (index: number, count: number) => `${((index + 1) / (count + 1)) * 100}%`;

function LiveCount({ of, failures = false }: { of: string; failures?: boolean }) {
  const count = useCount(useOverlay().counts, of);
  if (count.all === 0) return null;
  return (
    <span className={css.count} title={countTitle(count)}>
      <span key={count.all} className={css.pulse} aria-hidden="true" />{count.all.toLocaleString('en')}{failures && count.failed > 0 && <strong className="bad"> {count.failed.toLocaleString('en')} failed</strong>}
    </span>
  );
}

const StepNode = memo(function StepNode({ id, data, selected }: NodeProps<ShownNode>) {
  const renew = useUpdateNodeInternals();
  const ports = data.outputs.join(' ');
  const measured = useRef(ports); // at first the canvas measures all nodes at once
  useEffect(() => {
    if (measured.current !== ports) renew(id);
    measured.current = ports;
  }, [id, ports, renew]);
  const { counts, near } = useOverlay();
  const went = useWent(counts, 'node ' + id);
  const bad = data.faults.length > 0;
  const named = near && data.outputs.length > 1 && data.outputs.length <= roomForNames;
  const look = [css.node, selected && css.chosen, bad && css.wrong, !near && went === 'some' && css.went, !near && went === 'failed' && css.failed];
  return (
    <div className={look.filter(Boolean).join(' ')} title={bad ? data.faults.join('\n') : undefined}>
      {data.inputs.map((port, index) => <Handle key={port} id={port} type="target" position={Position.Left} style={{ top: percent(index, data.inputs.length) }} className={css.port ?? ''} />)}
      <span className={css.nodeIcon}><Icon name={nodeIcon(data.node.node_type)} size={18} /></span>
      <span className={css.nodeText}>
        <span className={css.nodeName}>{nameOf(data.node)}</span>
        {near && <span className={css.nodeType}>{data.node.node_type} <LiveCount of={'node ' + id} failures /></span>}
      </span>
      {bad && <span className={css.nodeMark}><Icon name="warn" size={14} /><span className="sr-only">{data.faults.length} wrong</span></span>}
      {!bad && data.outcome && <span className={data.outcome === 'completed' ? css.nodeGood : css.nodeMark}><Icon name={data.outcome === 'completed' ? 'check' : data.outcome === 'failed' ? 'cross' : 'minus'} size={14} /><span className="sr-only">{data.outcome}</span></span>}
      {data.who.length > 0 && <span className={css.nodeWho}>{data.who.join(', ')}</span>}
      {named && <span className={css.portNames} aria-hidden="true">{data.outputs.map((port) => <span key={port}>{port}</span>)}</span>}
      {data.outputs.map((port, index) => (
        <Handle key={port} id={port} type="source" position={Position.Right} style={{ top: percent(index, data.outputs.length) }} className={css.port ?? ''} title={port} />
      ))}
    </div>
  );
});

const WayEdge = memo(function WayEdge({ id, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, selected, data }: EdgeProps<ShownEdge>) {
  const [line, x, y] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
  const { near } = useOverlay();
  return (
    <>
      <BaseEdge path={line} interactionWidth={16} className={`${css.edge ?? ''} ${selected ? (css.edgeChosen ?? '') : ''}`} />
      {near && <WayCount id={id} line={line} x={x} y={y} port={data?.port} />}
    </>
  );
});

/** The mark that moves along an edge when items have gone over it, and how many have. */
function WayCount({ id, line, x, y, port }: { id: string; line: string; x: number; y: number; port: string | undefined }) {
  const { all } = useCount(useOverlay().counts, 'edge ' + id);
  if (all === 0 && !port) return null;
  return (
    <>
      {all > 0 && <path key={all} d={line} pathLength={100} className={css.mark} aria-hidden="true" />}
      <EdgeLabelRenderer>
        <span className={css.edgeLabel} style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>{port && <span>{port}</span>}<LiveCount of={'edge ' + id} /></span>
      </EdgeLabelRenderer>
    </>
  );
}

const nodeTypes = { step: StepNode };
const edgeTypes = { way: WayEdge };

function alike(a: ShownNode, b: ShownNode): boolean {
  const same = (one: string[], other: string[]) => one.length === other.length && one.every((each, index) => each === other[index]);
  return a.selected === b.selected && a.position.x === b.position.x && a.position.y === b.position.y && a.data.node === b.data.node && a.data.outcome === b.data.outcome
    && same(a.data.inputs, b.data.inputs) && same(a.data.outputs, b.data.outputs) && same(a.data.faults, b.data.faults) && same(a.data.who, b.data.who);
}

/** A node that looks as before is the same object as before, so that the canvas leaves it alone. */
function useShownNodes(editing: Editing, dragged: ReadonlyMap<string, { x: number; y: number }>): ShownNode[] {
  const { draft, types, faults, run, others, selection } = editing;
  const before = useRef(new Map<string, ShownNode>());
  return useMemo(() => {
    const typeOf = new Map(types.map((type) => [type.name, type]));
    const outcomes = outcomesOf(run);
    const shown = draft.nodes.map((node) => {
      const type = typeOf.get(node.node_type);
      const next: ShownNode = {
        id: node.node_id, type: 'step', position: dragged.get(node.node_id) ?? node.position ?? { x: 0, y: 0 }, selected: selection.has(node.node_id),
        width: nodeWidth, height: nodeHeight, measured: { width: nodeWidth, height: nodeHeight }, ariaLabel: `${nameOf(node)}, ${node.node_type}`,
        data: {
          node, inputs: inputsOf(type), outputs: outputsOf(node, type), faults: (faults.nodes.get(node.node_id) ?? []).map((each) => each.detail),
          outcome: outcomes.get(node.node_id), who: whoIsAt(others, node.node_id),
        },
      };
      const known = before.current.get(node.node_id);
      return known && alike(known, next) ? known : next;
    });
    before.current = new Map(shown.map((each) => [each.id, each]));
    return shown;
  }, [draft.nodes, types, faults, run, others, selection, dragged]);
}

function useShownEdges({ draft, types }: Editing, chosen: ReadonlySet<string>): ShownEdge[] {
  const portsOf = useMemo(() => new Map(draft.nodes.map((node) => [node.node_id, outputsOf(node, types.find((type) => type.name === node.node_type))])), [draft.nodes, types]);
  return useMemo(() => draft.connections.map((each) => {
    const ports = portsOf.get(each.from_node_id) ?? [];
    return {
      id: edgeKey(each), type: 'way' as const, source: each.from_node_id, sourceHandle: each.from_port, target: each.to_node_id, targetHandle: each.to_port,
      selected: chosen.has(edgeKey(each)), data: { port: ports.length > roomForNames ? each.from_port : undefined },
    };
  }), [draft.connections, portsOf, chosen]);
}

function Flow({ editing, fit }: { editing: Editing; fit: number }) {
  const flow = useReactFlow();
  const [dragged, setDragged] = useState<ReadonlyMap<string, { x: number; y: number }>>(new Map());
  const [chosenEdges, setChosenEdges] = useState<ReadonlySet<string>>(new Set());
  const near = useStore((state) => state.transform[2] >= readable);
  const overlay = useMemo(() => ({ counts: editing.counts, near }), [editing.counts, near]);
  const nodes = useShownNodes(editing, dragged);
  const edges = useShownEdges(editing, chosenEdges);
  useEffect(() => {
    if (fit === 0) return;
    const frame = requestAnimationFrame(() => void flow.fitView({ padding: 0.08, maxZoom: 1 }));
    return () => { cancelAnimationFrame(frame); };
  }, [fit, flow]);

  const known = useRef(nodes.length);
  useEffect(() => {
    if (nodes.length > known.current) void flow.fitView({ padding: 0.08, maxZoom: 1 }); // what was added is in sight
    known.current = nodes.length;
  }, [nodes.length, flow]);

  const { edit, select, selection, mayWrite } = editing;
  const onNodesChange = (changes: NodeChange<ShownNode>[]) => {
    const moves = changes.filter((each) => each.type === 'position');
    const held = moves.filter((each) => each.dragging && each.position);
    if (held.length > 0) setDragged(new Map(held.map((each) => [each.id, each.position ?? { x: 0, y: 0 }])));
    const put = new Map(moves.filter((each) => !each.dragging).map((each) => [each.id, each.position ?? dragged.get(each.id)]));
    if (put.size > 0 && mayWrite) {
      setDragged(new Map());
      edit((draft) => ({
        ...draft,
        nodes: draft.nodes.map((node) => {
          const at = put.get(node.node_id);
          return at ? { ...node, position: { x: Math.round(at.x), y: Math.round(at.y) } } : node;
        }),
      }), `move ${[...put.keys()].join(' ')}`);
    }
    const picks = changes.filter((each) => each.type === 'select');
    if (picks.length > 0) {
      const next = new Set(selection);
      for (const each of picks) if (each.selected) next.add(each.id); else next.delete(each.id);
      select([...next]);
    }
  };
  const onEdgesChange = (changes: EdgeChange<ShownEdge>[]) => {
    const next = new Set(chosenEdges);
    for (const each of changes) if (each.type === 'select') { if (each.selected) next.add(each.id); else next.delete(each.id); }
    setChosenEdges(next);
  };
  const wire = (each: { source: string; sourceHandle?: string | null; target: string; targetHandle?: string | null }) => ({
    from_node_id: each.source, from_port: each.sourceHandle ?? 'output', to_node_id: each.target, to_port: each.targetHandle ?? 'input',
  });
  return (
    <Overlay.Provider value={overlay}><ReactFlow
      nodes={nodes} edges={edges} nodeTypes={nodeTypes} edgeTypes={edgeTypes} onNodesChange={onNodesChange} onEdgesChange={onEdgesChange}
      onConnect={(made) => { edit((draft) => connect(draft, wire(made))); }} isValidConnection={(each) => mayConnect(editing.draft, wire(each))}
      onKeyDown={(key) => { if ((key.key === 'Delete' || key.key === 'Backspace') && mayWrite && chosenEdges.size > 0) { editing.disconnect(chosenEdges); setChosenEdges(new Set()); } }}
      nodesDraggable={mayWrite} nodesConnectable={mayWrite} deleteKeyCode={null} multiSelectionKeyCode="Shift" onlyRenderVisibleElements={nodes.length > 150}
      fitView fitViewOptions={{ padding: 0.08, maxZoom: 1 }} minZoom={0.05} maxZoom={2} proOptions={{ hideAttribution: true }} aria-label="Canvas"
    >
      <Background variant={BackgroundVariant.Dots} gap={20} size={1} />
    </ReactFlow></Overlay.Provider>
  );
}

export default function Canvas({ editing, fit }: { editing: Editing; fit: number }) {
  return (
    <div className={css.canvas}>
      <ReactFlowProvider><Flow editing={editing} fit={fit} /></ReactFlowProvider>
    </div>
  );
}
