// A workflow while it is edited: pure functions from one draft to the next, and what differs between two.
import { isRecord, writeJson, type JsonRecord, type JsonValue } from '../../api/json';
import type { NodeType, Workflow, WorkflowConnection, WorkflowNode } from '../../api/types';

export interface Draft {
  name: string;
  description: string;
  is_active: boolean;
  tags: string[];
  nodes: WorkflowNode[];
  connections: WorkflowConnection[];
  settings: JsonRecord;
}

export const hidden = '***'; // what the server shows in place of a secret, and takes as "as it was"
export const nodeWidth = 200;
export const nodeHeight = 64;

export function draftOf(workflow: Workflow): Draft {
  return {
    name: workflow.name, description: workflow.description, is_active: workflow.is_active, tags: workflow.tags,
    nodes: workflow.nodes, connections: workflow.connections, settings: workflow.settings ?? {},
  };
}

/** JSON with the members of every object in one order: equal texts are equal values. */
export function canonical(value: unknown): string {
  const ordered = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(ordered);
    if (!isRecord(each)) return each;
    return Object.fromEntries(Object.keys(each).sort().map((name) => [name, ordered(each[name])]));
  };
  return writeJson(ordered(value));
}

/** The record with that member set; undefined takes it out. */
export function withMember<T>(record: Record<string, T>, name: string, value: T | undefined): Record<string, T> {
  const rest = Object.fromEntries(Object.entries(record).filter(([each]) => each !== name));
  return value === undefined ? rest : { ...record, [name]: value };
}

export function nameOf(node: WorkflowNode): string {
  return node.name || node.node_id;
}

export function edgeKey(connection: WorkflowConnection): string {
  return [connection.from_node_id, connection.from_port, connection.to_node_id, connection.to_port].join(' ');
}

/** The ports that items leave by; those of a switch are named by its rules. */
export function outputsOf(node: WorkflowNode, type: NodeType | undefined): string[] {
  if (!type || type.outputs.length > 0) return type?.outputs ?? ['output'];
  const rules = Array.isArray(node.config['rules']) ? node.config['rules'] : [];
  const named = [...rules.map((rule) => (isRecord(rule) ? rule['port'] : undefined)), node.config['default']];
  return [...new Set(named.filter((port): port is string => typeof port === 'string' && port !== ''))];
}

export function inputsOf(type: NodeType | undefined): string[] {
  return type?.inputs ?? ['input'];
}

function freeId(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number += 1) if (!taken.has(`${wanted}-${number}`)) return `${wanted}-${number}`;
}

/** A new node of that type; behind `after`, connected to it, when that one is there. */
export function addNode(draft: Draft, type: NodeType, after?: { node: WorkflowNode; port: string | undefined }): { draft: Draft; id: string } {
  const id = freeId(type.name.replaceAll('_', '-'), new Set(draft.nodes.map((node) => node.node_id)));
  const right = Math.max(0, ...draft.nodes.map((node) => (node.position?.x ?? 0) + nodeWidth + 60));
  const from = after?.node.position;
  let position = from ? { x: from.x + nodeWidth + 60, y: from.y } : { x: draft.nodes.length === 0 ? 0 : right, y: 0 };
  while (draft.nodes.some((node) => Math.abs((node.position?.x ?? 0) - position.x) < nodeWidth && Math.abs((node.position?.y ?? 0) - position.y) < nodeHeight))
    position = { ...position, y: position.y + nodeHeight + 36 };
  const next = { ...draft, nodes: [...draft.nodes, { node_id: id, node_type: type.name, name: type.title, config: {}, position }] };
  const input = type.inputs[0];
  if (!after?.port || !input) return { draft: next, id };
  return { draft: connect(next, { from_node_id: after.node.node_id, from_port: after.port, to_node_id: id, to_port: input }), id };
}

export function changeNode(draft: Draft, id: string, change: Partial<WorkflowNode>): Draft {
  return { ...draft, nodes: draft.nodes.map((node) => (node.node_id === id ? { ...node, ...change } : node)) };
}

export function removeNodes(draft: Draft, ids: ReadonlySet<string>): Draft {
  return {
    ...draft,
    nodes: draft.nodes.filter((node) => !ids.has(node.node_id)),
    connections: draft.connections.filter((each) => !ids.has(each.from_node_id) && !ids.has(each.to_node_id)),
  };
}

/** Every node from which a way leads to that one, itself included. */
export function leadingTo(draft: Draft, id: string): Set<string> {
  const before = new Map<string, string[]>();
  for (const each of draft.connections) before.set(each.to_node_id, [...(before.get(each.to_node_id) ?? []), each.from_node_id]);
  const found = new Set<string>();
  const waiting = [id];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (found.has(at)) continue;
    found.add(at);
    waiting.push(...(before.get(at) ?? []));
  }
  return found;
}

/** Whether the connection would be new and close no circle. */
export function mayConnect(draft: Draft, connection: WorkflowConnection): boolean {
  return !draft.connections.some((each) => edgeKey(each) === edgeKey(connection)) && !leadingTo(draft, connection.from_node_id).has(connection.to_node_id);
}

export function connect(draft: Draft, connection: WorkflowConnection): Draft {
  return mayConnect(draft, connection) ? { ...draft, connections: [...draft.connections, connection] } : draft;
}

export function disconnect(draft: Draft, keys: ReadonlySet<string>): Draft {
  return { ...draft, connections: draft.connections.filter((each) => !keys.has(edgeKey(each))) };
}

/** The nodes and what connects them, as JSON. Secrets stay behind: nobody here knows them. */
export function copied(draft: Draft, ids: ReadonlySet<string>): string {
  const nodes = draft.nodes.filter((node) => ids.has(node.node_id)).map((node) => ({
    ...node, config: Object.fromEntries(Object.entries(node.config).filter(([, value]) => value !== hidden)),
  }));
  return writeJson({ nodes, connections: draft.connections.filter((each) => ids.has(each.from_node_id) && ids.has(each.to_node_id)) }, 2);
}

const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

function pastedNode(value: JsonValue): WorkflowNode | undefined {
  if (!isRecord(value) || text(value['node_id']) === '' || text(value['node_type']) === '') return undefined;
  const at = isRecord(value['position']) ? value['position'] : {};
  return {
    node_id: text(value['node_id']), node_type: text(value['node_type']), name: text(value['name']), config: isRecord(value['config']) ? value['config'] : {},
    position: { x: Number(at['x'] ?? 0) || 0, y: Number(at['y'] ?? 0) || 0 },
  };
}

/** Adds what copied() gave, or a whole workflow, under ids that are free. Throws Error when it is something else. */
export function paste(draft: Draft, given: JsonValue): { draft: Draft; ids: string[] } {
  const nodes = isRecord(given) && Array.isArray(given['nodes']) ? given['nodes'].map(pastedNode) : [];
  if (!isRecord(given) || nodes.length === 0 || nodes.includes(undefined))
    throw new Error('This is no JSON of nodes: expected {"nodes": [{"node_id": …, "node_type": …}], "connections": […]}');
  const taken = new Set(draft.nodes.map((node) => node.node_id));
  const renamed = new Map<string, string>();
  const added = nodes.flatMap((node) => {
    if (!node) return [];
    const id = freeId(node.node_id, taken);
    taken.add(id);
    renamed.set(node.node_id, id);
    const at = node.position ?? { x: 0, y: 0 };
    return [{ ...node, node_id: id, position: { x: at.x + 40, y: at.y + 100 } }];
  });
  const connections = (Array.isArray(given['connections']) ? given['connections'] : []).flatMap((each) => {
    if (!isRecord(each)) return [];
    const [from, to] = [renamed.get(text(each['from_node_id'])), renamed.get(text(each['to_node_id']))];
    if (from === undefined || to === undefined) return [];
    return [{ from_node_id: from, from_port: text(each['from_port']) || 'output', to_node_id: to, to_port: text(each['to_port']) || 'input' }];
  });
  return { draft: { ...draft, nodes: [...draft.nodes, ...added], connections: [...draft.connections, ...connections] }, ids: added.map((node) => node.node_id) };
}

export interface Change {
  what: 'added' | 'removed' | 'changed';
  place: string; // "Node Report", "Connection In → Report", "Name"
  member?: string; // of the node: "config.url"
  before?: JsonValue | undefined;
  after?: JsonValue | undefined;
}

function memberChanges(place: string, before: JsonRecord, after: JsonRecord, prefix: string): Change[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => canonical(before[name] ?? null) !== canonical(after[name] ?? null))
    .map((name) => ({ what: 'changed', place, member: prefix + name, before: before[name], after: after[name] }));
}

function nodeChanges(before: WorkflowNode, after: WorkflowNode): Change[] {
  const place = `Node ${nameOf(after)}`;
  const plain = (node: WorkflowNode): JsonRecord => ({ name: node.name ?? '', node_type: node.node_type });
  return [...memberChanges(place, plain(before), plain(after), ''), ...memberChanges(place, before.config, after.config, '')];
}

function moved(before: Draft, after: Draft): number {
  const at = new Map(before.nodes.map((node) => [node.node_id, canonical(node.position ?? null)]));
  return after.nodes.filter((node) => at.has(node.node_id) && at.get(node.node_id) !== canonical(node.position ?? null)).length;
}

/** What was done to `before` to make it `after`, in the order of reading. */
export function changesOf(before: Draft, after: Draft): Change[] {
  const changes: Change[] = [];
  const facts = (draft: Draft): JsonRecord => ({ name: draft.name, description: draft.description, is_active: draft.is_active, tags: draft.tags, ...draft.settings });
  changes.push(...memberChanges('Workflow', facts(before), facts(after), ''));
  const old = new Map(before.nodes.map((node) => [node.node_id, node]));
  const now = new Map(after.nodes.map((node) => [node.node_id, node]));
  for (const node of after.nodes) {
    const earlier = old.get(node.node_id);
    if (earlier) changes.push(...nodeChanges(earlier, node));
    else changes.push({ what: 'added', place: `Node ${nameOf(node)}`, after: node.config });
  }
  for (const node of before.nodes) if (!now.has(node.node_id)) changes.push({ what: 'removed', place: `Node ${nameOf(node)}`, before: node.config });
  const named = (each: WorkflowConnection) => {
    const end = (id: string) => nameOf(now.get(id) ?? old.get(id) ?? { node_id: id, node_type: '', name: '', config: {} });
    return `Connection ${end(each.from_node_id)} (${each.from_port}) → ${end(each.to_node_id)}`;
  };
  const keys = (draft: Draft) => new Set(draft.connections.map(edgeKey));
  const [oldKeys, nowKeys] = [keys(before), keys(after)];
  for (const each of after.connections) if (!oldKeys.has(edgeKey(each))) changes.push({ what: 'added', place: named(each) });
  for (const each of before.connections) if (!nowKeys.has(edgeKey(each))) changes.push({ what: 'removed', place: named(each) });
  const count = moved(before, after);
  if (count > 0) changes.push({ what: 'changed', place: count === 1 ? 'Position of one node' : `Positions of ${count} nodes` });
  return changes;
}

const same = (a: unknown, b: unknown): boolean => canonical(a ?? null) === canonical(b ?? null);

/** My changes since `base` on top of `theirs`; `both` names what both changed, where mine stands. */
export function rebase(base: Draft, mine: Draft, theirs: Draft): { draft: Draft; both: string[] } {
  const both: string[] = [];
  const pick = <T>(label: string, was: T, my: T, their: T): T => {
    if (same(my, was)) return their;
    if (!same(their, was) && !same(their, my)) both.push(label);
    return my;
  };
  const byId = (draft: Draft) => new Map(draft.nodes.map((node) => [node.node_id, node]));
  const [was, my, their] = [byId(base), byId(mine), byId(theirs)];
  const ids = [...new Set([...their.keys(), ...my.keys()])];
  const nodes = ids.flatMap((id) => {
    const node = pick(`Node ${nameOf(my.get(id) ?? their.get(id) ?? { node_id: id, node_type: '', name: '', config: {} })}`, was.get(id), my.get(id), their.get(id));
    return node ? [node] : [];
  });
  const kept = new Set(nodes.map((node) => node.node_id));
  const keys = (draft: Draft) => new Set(draft.connections.map(edgeKey));
  const [wasKeys, myKeys, theirKeys] = [keys(base), keys(mine), keys(theirs)];
  const connections = [
    ...theirs.connections.filter((each) => myKeys.has(edgeKey(each)) || !wasKeys.has(edgeKey(each))),
    ...mine.connections.filter((each) => !theirKeys.has(edgeKey(each)) && !wasKeys.has(edgeKey(each))),
  ].filter((each) => kept.has(each.from_node_id) && kept.has(each.to_node_id));
  return {
    draft: {
      name: pick('Name', base.name, mine.name, theirs.name),
      description: pick('Description', base.description, mine.description, theirs.description),
      is_active: pick('Active', base.is_active, mine.is_active, theirs.is_active),
      tags: pick('Tags', base.tags, mine.tags, theirs.tags),
      settings: pick('Settings', base.settings, mine.settings, theirs.settings),
      nodes, connections,
    },
    both,
  };
}
