// Automatic layout: every node one column behind the last one that leads to it, rows ordered so that few edges cross.
import type { Workflow } from '../../api/types';
import { draftOf, nodeHeight, nodeWidth, type Draft } from './model';

const columnStep = nodeWidth + 80;
const rowStep = nodeHeight + 40;

function columnsOf(draft: Draft): Map<string, number> {
  const column = new Map(draft.nodes.map((node) => [node.node_id, 0]));
  // As many rounds as nodes settle every way; a circle, which the server refuses, ends there as well.
  for (let round = 0; round < draft.nodes.length; round += 1) {
    let changed = false;
    for (const { from_node_id: from, to_node_id: to } of draft.connections) {
      const wanted = (column.get(from) ?? 0) + 1;
      if (!column.has(to) || (column.get(to) ?? 0) >= wanted || wanted > draft.nodes.length) continue;
      column.set(to, wanted);
      changed = true;
    }
    if (!changed) break;
  }
  return column;
}

/** The draft with every node at a place of its own. */
export function tidy(draft: Draft): Draft {
  const column = columnsOf(draft);
  const columns: string[][] = [];
  for (const node of draft.nodes) (columns[column.get(node.node_id) ?? 0] ??= []).push(node.node_id);
  const row = new Map<string, number>();
  const center = (id: string): number => {
    const before = draft.connections.filter((each) => each.to_node_id === id).map((each, index) => (row.get(each.from_node_id) ?? 0) + index * 1e-3);
    return before.length === 0 ? 0 : before.reduce((sum, each) => sum + each, 0) / before.length;
  };
  const order = new Map(draft.connections.map((each, index) => [each.to_node_id, index]));
  for (const ids of columns) {
    if (!ids) continue;
    const wanted = ids.map((id) => ({ id, at: center(id) })).sort((a, b) => a.at - b.at || (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
    const middle = wanted.reduce((sum, each) => sum + each.at, 0) / wanted.length;
    wanted.forEach((each, index) => { row.set(each.id, middle + index - (wanted.length - 1) / 2); });
  }
  return {
    ...draft,
    nodes: draft.nodes.map((node) => ({
      ...node, position: { x: (column.get(node.node_id) ?? 0) * columnStep, y: Math.round((row.get(node.node_id) ?? 0) * rowStep) },
    })),
  };
}

/** A stored workflow as it is drawn: one that a program or a person wrote without places is laid out. */
export function drawn(workflow: Workflow): Draft {
  const draft = draftOf(workflow);
  const placed = draft.nodes.every((node) => Number.isFinite(node.position?.x) && Number.isFinite(node.position?.y));
  return placed ? draft : tidy(draft);
}
