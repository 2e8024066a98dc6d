// What the server finds wrong in a draft, sorted to the nodes it is about.
import { useEffect, useState } from 'react';
import { api, Problem, type FieldProblem } from '../../api/client';
import type { Draft } from './model';

export interface Faults {
  nodes: Map<string, FieldProblem[]>; // by node_id; pointers inside the node: "/config/url"
  rest: FieldProblem[]; // about connections and the workflow itself
}

export const noFaults: Faults = { nodes: new Map(), rest: [] };

/** `prefix`: where the workflow stands in what was sent. */
export function sortFaults(errors: FieldProblem[], draft: Draft, prefix = ''): Faults {
  const faults: Faults = { nodes: new Map(), rest: [] };
  for (const error of errors) {
    const inside = error.pointer.startsWith(prefix) ? error.pointer.slice(prefix.length) : error.pointer;
    const [, index, place] = /^\/nodes\/(\d+)(.*)$/.exec(inside) ?? [];
    const wire = draft.connections[Number(/^\/connections\/(\d+)/.exec(inside)?.[1] ?? NaN)];
    const id = index === undefined ? wire?.from_node_id : draft.nodes[Number(index)]?.node_id;
    if (id === undefined) faults.rest.push({ pointer: inside, detail: error.detail });
    else faults.nodes.set(id, [...(faults.nodes.get(id) ?? []), { pointer: place ?? '', detail: error.detail }]);
  }
  return faults;
}

const pauseMs = 400;

/** What is wrong in the draft as it stands, asked of the server when typing pauses. */
export function useFaults(id: string, draft: Draft, when: boolean): Faults {
  const [faults, setFaults] = useState(noFaults);
  useEffect(() => {
    if (!when) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      api.post('/definitions', { workflows: [{ id, ...draft }], dry_run: true }, stop.signal).then(
        () => { setFaults(noFaults); },
        (error: unknown) => { if (error instanceof Problem && error.status === 422) setFaults(sortFaults(error.errors, draft, '/workflows/0')); },
      );
    }, pauseMs);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [id, draft, when]);
  return when ? faults : noFaults;
}
