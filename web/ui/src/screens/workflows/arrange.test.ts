import { expect, test } from 'vitest';
import { align, distribute } from './arrange';
import type { Draft } from './model';

const draft: Draft = {
  name: 'Placed', description: '', is_active: true, tags: [], settings: {}, connections: [],
  nodes: [[0, 10], [300, 0], [900, 50], [5000, 5000]].map(([x, y], index) => ({ node_id: `n${index}`, node_type: 'log', name: '', config: {}, position: { x: x ?? 0, y: y ?? 0 } })),
};
const chosen = new Set(['n0', 'n1', 'n2']);
const places = (of: Draft) => of.nodes.map((node) => [node.position?.x, node.position?.y]);

test('nodes line up on each side; others stay where they are', () => {
  const at = (side: Parameters<typeof align>[2]) => places(align(draft, chosen, side)).slice(0, 3);
  expect(at('left')).toEqual([[0, 10], [0, 0], [0, 50]]);
  expect(at('centre')).toEqual([[450, 10], [450, 0], [450, 50]]);
  expect(at('right')).toEqual([[900, 10], [900, 0], [900, 50]]);
  expect(at('top')).toEqual([[0, 0], [300, 0], [900, 0]]);
  expect(at('middle')).toEqual([[0, 25], [300, 25], [900, 25]]);
  expect(at('bottom')).toEqual([[0, 50], [300, 50], [900, 50]]);
  expect(places(align(draft, chosen, 'left'))[3]).toEqual([5000, 5000]);
});

test('nodes spread evenly in the order in which they stand', () => {
  expect(places(distribute(draft, chosen, 'across')).slice(0, 3)).toEqual([[0, 10], [450, 0], [900, 50]]);
});

test('without room between the outermost, they stand one beside the other', () => {
  expect(places(distribute(draft, chosen, 'down')).slice(0, 3)).toEqual([[0, 100], [300, 0], [900, 200]]);
});

test('what is in line already, or too few to be lined up, is the same draft: nothing to undo', () => {
  expect(align(align(draft, chosen, 'top'), chosen, 'top')).toEqual(align(draft, chosen, 'top'));
  const lined = align(draft, chosen, 'top');
  expect(align(lined, chosen, 'top')).toBe(lined);
  expect(align(draft, new Set(['n0']), 'top')).toBe(draft);
  expect(distribute(draft, new Set(['n0', 'n1']), 'across')).toBe(draft);
});
