import { expect, test } from 'vitest';
import type { NodeType, WorkflowNode } from '../../api/types';
import { Counts, runs } from './counts';
import { step } from './history';
import { drawn, tidy } from './layout';
import { addNode, changeNode, changesOf, connect, copied, mayConnect, outputsOf, paste, rebase, removeNodes, type Draft } from './model';
import { sortFaults } from './problems';
import { parseJson } from '../../api/json';

const node = (id: string, config = {}): WorkflowNode => ({ node_id: id, node_type: 'log', name: '', config, position: { x: 0, y: 0 } });
const wire = (from: string, to: string, port = 'output') => ({ from_node_id: from, from_port: port, to_node_id: to, to_port: 'input' });
const draft: Draft = {
  name: 'Orders', description: '', is_active: true, tags: [], settings: {},
  nodes: [node('in'), node('a', { message: 'one', secret: '***' }), node('b'), node('c')], connections: [wire('in', 'a'), wire('in', 'b'), wire('a', 'c'), wire('b', 'c')],
};
const log: NodeType = { name: 'log', title: 'Log', doc: '', is_input: false, has_effects: true, inputs: ['input'], outputs: ['output'], config: {} };

test('a circle cannot be connected, nor the same way twice', () => {
  expect(mayConnect(draft, wire('c', 'in'))).toBe(false);
  expect(mayConnect(draft, wire('a', 'a'))).toBe(false);
  expect(connect(draft, wire('in', 'a'))).toBe(draft);
  expect(mayConnect(draft, wire('in', 'c'))).toBe(true);
});

test('a new node has a free id, a free place, and is connected behind the chosen one', () => {
  const [behind] = draft.nodes;
  const once = addNode(draft, log, behind && { node: behind, port: 'output' });
  const twice = addNode(once.draft, log);
  expect([once.id, twice.id]).toEqual(['log', 'log-2']);
  expect(once.draft.connections.at(-1)).toEqual(wire('in', 'log'));
  expect(twice.draft.nodes.at(-1)?.position).not.toEqual(once.draft.nodes.at(-1)?.position);
});

test('a removed node takes its connections with it', () => {
  expect(removeNodes(draft, new Set(['a'])).connections).toEqual([wire('in', 'b'), wire('b', 'c')]);
});

test('what was copied comes back under free ids, without secrets, with the ways inside it', () => {
  const text = copied(draft, new Set(['a', 'c']));
  expect(text).not.toContain('***');
  const pasted = paste(draft, parseJson(text));
  expect(pasted.ids).toEqual(['a-2', 'c-2']);
  expect(pasted.draft.connections.slice(4)).toEqual([wire('a-2', 'c-2')]);
  expect(() => paste(draft, parseJson('{"nodes": [1]}'))).toThrow('no JSON of nodes');
});

test('changes name the node and the setting; the order of members is none', () => {
  const changed = changeNode(draft, 'a', { config: { secret: '***', message: 'two' } });
  expect(changesOf(draft, changed)).toEqual([{ what: 'changed', place: 'Node a', member: 'message', before: 'one', after: 'two' }]);
  expect(changesOf(draft, changeNode(draft, 'a', { config: { secret: '***', message: 'one' } }))).toEqual([]);
  expect(changesOf(draft, removeNodes(draft, new Set(['c']))).map((each) => [each.what, each.place])).toEqual([
    ['removed', 'Node c'], ['removed', 'Connection a (output) → c'], ['removed', 'Connection b (output) → c'],
  ]);
});

test('what two people did comes together; where both did something, mine stands and is named', () => {
  const mine = changeNode(changeNode(draft, 'a', { config: { message: 'mine' } }), 'b', { name: 'B' });
  const theirs = connect(changeNode({ ...draft, name: 'Theirs' }, 'a', { config: { message: 'theirs' } }), wire('in', 'c'));
  const both = rebase(draft, mine, theirs);
  expect(both.both).toEqual(['Node a']);
  expect(both.draft.name).toBe('Theirs');
  expect(both.draft.nodes.map((each) => [each.name, each.config['message']])).toEqual([['', undefined], ['', 'mine'], ['B', undefined], ['', undefined]]);
  expect(both.draft.connections).toContainEqual(wire('in', 'c'));
});

test('tidy: columns follow the ways, no two nodes lie on each other', () => {
  const places = tidy(draft).nodes.map((each) => each.position);
  expect(places.map((each) => each?.x)).toEqual([0, 280, 280, 560]);
  expect(new Set(places.map((each) => `${each?.x} ${each?.y}`)).size).toBe(4);
});

test('what was written without places is laid out, what has them stays', () => {
  const stored = { id: 'w', ...draft, nodes: draft.nodes.map((each) => ({ ...each, position: {} as never })) };
  expect(drawn(stored).nodes.map((each) => each.position)).toEqual(tidy(draft).nodes.map((each) => each.position));
  expect(drawn({ id: 'w', ...draft }).nodes).toEqual(draft.nodes);
});

test('the ports of a switch are those of its rules', () => {
  const which = { ...node('w', { rules: [{ port: 'paid' }, { port: 'paid' }, {}], default: 'rest' }), node_type: 'switch' };
  expect(outputsOf(which, { ...log, name: 'switch', outputs: [] })).toEqual(['paid', 'rest']);
});

test('undo, redo; changes under one tag are one step', () => {
  const rename = (name: string) => ({ do: 'edit' as const, make: (before: Draft) => ({ ...before, name }), tag: 'name' });
  let past = step({ before: [], now: draft, after: [], tag: undefined }, rename('O'));
  past = step(past, rename('Or'));
  expect(step(past, { do: 'undo' }).now.name).toBe('Orders');
  expect(step(step(past, { do: 'undo' }), { do: 'redo' }).now.name).toBe('Or');
});

test('faults stand at their nodes; those of a connection at the node it leaves', () => {
  const faults = sortFaults([{ pointer: '/workflows/0/nodes/1/config/url', detail: 'is missing' }, { pointer: '/workflows/0/connections/3/to_port', detail: 'no' }, { pointer: '/workflows/0/name', detail: 'empty' }], draft, '/workflows/0');
  expect(faults.nodes.get('a')).toEqual([{ pointer: '/config/url', detail: 'is missing' }]);
  expect(faults.nodes.get('b')?.[0]?.detail).toBe('no');
  expect(faults.rest).toEqual([{ pointer: '/name', detail: 'empty' }]);
});

test('counts follow the items along the ports they left by', () => {
  const counts = new Counts([wire('in', 'a', 'x'), wire('in', 'b', 'y')]);
  const done = (id: string, from: number, ports: string[], status = 'completed') => ({ node_id: id, node_type: 'log', status, from_step: from, ports });
  counts.add({ steps: [done('in', -1, ['x']), done('a', 0, [], 'failed')] } as unknown as Parameters<Counts['add']>[0]);
  expect(counts.of('node a')).toEqual({ all: 1, failed: 1 });
  expect(counts.of('edge in x a input').all).toBe(1);
  expect(counts.of('edge in y b input').all).toBe(0);
});

test('who watches a count hears of its own only, and of many at once', () => {
  const draws: (() => void)[] = [];
  const counts = new Counts([wire('in', 'a')], (draw) => { draws.push(draw); });
  const heard: string[] = [];
  counts.watch('node a', () => { heard.push(`a ${counts.of('node a').all}`); });
  const end = counts.watch('node in', () => { heard.push('in'); });
  counts.watch('node b', () => { heard.push('b'); });
  const ended = { status: 'dead_letter', steps: [{ node_id: 'a', node_type: 'log', status: 'failed' }] } as unknown as Parameters<Counts['add']>[0];
  end();
  for (let i = 0; i < 3; ++i) counts.add(ended);
  expect(heard).toEqual([]);
  for (const draw of draws) draw();
  expect(heard).toEqual(['a 3']);
  expect(counts.of(runs)).toEqual({ all: 3, failed: 3 });
});
