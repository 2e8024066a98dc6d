// What the parts of the editor share.
import type { Execution, NodeType } from '../../api/types';
import type { Present } from '../../live/live';
import type { Counts } from './counts';
import type { Draft } from './model';
import type { Faults } from './problems';

export interface Editing {
  id: string;
  draft: Draft;
  types: NodeType[];
  mayWrite: boolean;
  edit: (make: (draft: Draft) => Draft, tag?: string) => void;
  selection: ReadonlySet<string>;
  select: (ids: string[], panel?: 'node' | 'outline' | 'run') => void;
  toggle: (id: string) => void; // takes a node into what is chosen, or out of it
  faults: Faults;
  counts: Counts;
  run: Execution | undefined; // the last one that was run by hand
  others: Present[];
  remove: () => void; // the chosen nodes
  disconnect: (keys: ReadonlySet<string>) => void;
}

/** Who else has chosen that node. */
export function whoIsAt(others: Present[], nodeId: string): string[] {
  return others.filter((each) => String(each.state?.['node'] ?? '').split(',').includes(nodeId)).map((each) => each.name);
}

/** How the last run by hand ended at each node; a failure counts more than what went well there. */
export function outcomesOf(run: Execution | undefined): Map<string, string> {
  const outcomes = new Map<string, string>();
  for (const step of run?.steps ?? []) if (!outcomes.has(step.node_id) || step.status === 'failed') outcomes.set(step.node_id, step.status);
  return outcomes;
}
