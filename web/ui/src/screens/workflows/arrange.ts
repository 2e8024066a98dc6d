// Chosen nodes lined up by one of their edges or middles, or spread evenly: pure functions from one draft to the next.
import { nodeHeight, nodeWidth, type Draft } from './model';

export type Side = 'left' | 'centre' | 'right' | 'top' | 'middle' | 'bottom';
export type Direction = 'across' | 'down';

type Place = { x: number; y: number };

function moved(draft: Draft, to: ReadonlyMap<string, Place>): Draft {
  let changed = false;
  const nodes = draft.nodes.map((node) => {
    const place = to.get(node.node_id);
    if (!place || (place.x === node.position?.x && place.y === node.position.y)) return node;
    changed = true;
    return { ...node, position: place };
  });
  return changed ? { ...draft, nodes } : draft;
}

function placesOf(draft: Draft, ids: ReadonlySet<string>): [string, Place][] {
  return draft.nodes.filter((node) => ids.has(node.node_id)).map((node) => [node.node_id, node.position ?? { x: 0, y: 0 }]);
}

/** The chosen nodes in one line: at the outermost edge on that side, or at the middle of all of them. */
export function align(draft: Draft, ids: ReadonlySet<string>, side: Side): Draft {
  const places = placesOf(draft, ids);
  if (places.length < 2) return draft;
  const across = side === 'left' || side === 'centre' || side === 'right';
  const along = places.map(([, at]) => (across ? at.x : at.y)); // all nodes are of one size: edges line up where corners do
  const [low, high] = [Math.min(...along), Math.max(...along)];
  const line = side === 'left' || side === 'top' ? low : side === 'right' || side === 'bottom' ? high : Math.round((low + high) / 2);
  return moved(draft, new Map(places.map(([id, at]) => [id, across ? { x: line, y: at.y } : { x: at.x, y: line }])));
}

const gap = 36; // between nodes that have no room to be spread in

/** The chosen nodes at even distances between the outermost two, in the order in which they stand; side by side where that room is too small. */
export function distribute(draft: Draft, ids: ReadonlySet<string>, direction: Direction): Draft {
  const across = direction === 'across';
  const along = (at: Place) => (across ? at.x : at.y);
  const places = placesOf(draft, ids).sort(([, a], [, b]) => along(a) - along(b));
  const [first, last] = [places[0], places.at(-1)];
  if (!first || !last || places.length < 3) return draft;
  const size = across ? nodeWidth : nodeHeight;
  const room = (along(last[1]) - along(first[1])) / (places.length - 1);
  const step = room >= size ? room : size + gap;
  return moved(draft, new Map(places.map(([id, at], index) => {
    const to = Math.round(along(first[1]) + index * step);
    return [id, across ? { x: to, y: at.y } : { x: at.x, y: to }];
  })));
}
