// What a script's calls took since the engine started.
import { useRead } from '../../api/queries';
import { path } from '../../api/client';
import type { Script, ScriptCost } from '../../api/types';
import { Facts, Part } from '../../parts/pane';
import { bytesText, countText, durationText } from '../../parts/time';

export function CostPart({ name }: { name: string }) {
  const cost = useRead<Script>(['scripts', name, 'cost'], path`/scripts/${name}`, {}, { every: 5_000 }).data?.cost;
  if (!cost) return null;
  return <Part title="Cost since the engine started">{cost.calls === 0 ? <p className="muted">It was not called yet.</p> : <Facts facts={factsOf(cost)} />}</Part>;
}

function factsOf(cost: ScriptCost): [string, string | number][] {
  return [
    ['Calls', countText(cost.calls)],
    ['Failed', countText(cost.errors)],
    ['Median', durationText(cost.p50_ms)],
    ['p99', durationText(cost.p99_ms)],
    ['Together', durationText(cost.total_ms)],
    ['Most memory of a call', bytesText(cost.memory_bytes)],
  ];
}
