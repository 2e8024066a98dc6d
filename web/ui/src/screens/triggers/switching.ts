// Switching triggers on and off, each in the revision that was seen.
import { api, path, Problem } from '../../api/client';
import { useAction } from '../../api/queries';
import type { Trigger } from '../../api/types';

export interface Switched {
  done: number;
  failed: { trigger: Trigger; problem: Problem }[];
}

/** Those that are not so already are switched; one that somebody changed meanwhile is left as it is and reported. */
async function switchAll({ triggers, active }: { triggers: Trigger[]; active: boolean }): Promise<Switched> {
  const answer: Switched = { done: 0, failed: [] };
  for (const trigger of triggers) {
    if (trigger.is_active === active) continue;
    try {
      await api.postIf(path`/triggers/${trigger.id}/` + (active ? 'activate' : 'deactivate'), `"${trigger.revision}"`);
      answer.done += 1;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      answer.failed.push({ trigger, problem: error });
    }
  }
  return answer;
}

export function useSwitch() {
  return useAction(switchAll, 'triggers', 'trigger-metrics');
}
