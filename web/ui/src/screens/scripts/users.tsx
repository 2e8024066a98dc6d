// What names a script, and the last event that ran it.
import { Link } from 'wouter';
import { isRecord, type JsonRecord } from '../../api/json';
import { useList } from '../../api/queries';
import type { Execution, Trigger, Workflow } from '../../api/types';
import { Part } from '../../parts/pane';

/** Whether a setting that names a script, at any depth, names this one. */
function namesScript(config: JsonRecord, name: string): boolean {
  return Object.entries(config).some(([key, value]) => (key.endsWith('script') && value === name) || (isRecord(value) && namesScript(value, name)));
}

export function useUsers(name: string) {
  const triggers = useList<Trigger>(['triggers'], '/triggers', {}, { limit: 1000 });
  const workflows = useList<Workflow>(['workflows'], '/workflows', {}, { limit: 1000 });
  return {
    triggers: triggers.items.filter((each) => namesScript(each.config, name)),
    workflows: workflows.items.filter((each) => each.nodes.some((node) => namesScript(node.config, name))),
    loading: triggers.loading || workflows.loading,
  };
}

/** The id of the newest event for which something that names the script ran; `known` false: not asked yet. */
export function useLastEvent(name: string): { id: string | undefined; known: boolean } {
  const { triggers, workflows, loading } = useUsers(name);
  const trigger = triggers[0];
  const workflow = workflows[0];
  const when = trigger !== undefined || workflow !== undefined;
  const last = useList<Execution>(['executions', 'of-script', name], '/executions', trigger ? { trigger_id: trigger.id } : { workflow_id: workflow?.id }, { limit: 1, when });
  return { id: last.items[0]?.event_id ?? undefined, known: !loading && (!when || !last.loading) };
}

export function UsedBy({ name }: { name: string }) {
  const { triggers, workflows } = useUsers(name);
  if (triggers.length + workflows.length === 0)
    return <Part title="Used by"><p className="muted">No trigger or node names it. A trigger does with <code>filter_script</code> or <code>transform_script</code>, another script with <code>require("{name}")</code>.</p></Part>;
  return (
    <Part title="Used by">
      <ul className="stack">
        {triggers.map((each) => <li key={`trigger-${each.id}`} className="row"><Link href={`/triggers/${each.id}`}>{each.name}</Link><span className="muted">trigger</span></li>)}
        {workflows.map((each) => <li key={`workflow-${each.id}`} className="row"><Link href={`/workflows/${encodeURIComponent(each.id)}`}>{each.name}</Link><span className="muted">workflow</span></li>)}
      </ul>
    </Part>
  );
}
