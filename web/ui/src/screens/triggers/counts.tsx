// What came of a trigger: how often it ran, what is wrong, how long it takes.
import { Link } from 'wouter';
import { useList } from '../../api/queries';
import type { Execution } from '../../api/types';
import { countText, durationText, RelativeTime } from '../../parts/time';
import { Facts } from '../../parts/pane';
import { Sparkline } from '../../parts/sparkline';
import { Errors, Rate, useLately } from './lately';

const every = 5_000;

function useNewest(id: number, query: { status?: string }, limit: number) {
  return useList<Execution>(['executions', 'of-trigger', id, limit], '/executions', { trigger_id: id, ...query }, { limit, every });
}

/** The value below which the share of them lies; undefined when there is none. */
function quantile(values: number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** The last hundred executions in numbers. */
export function Outcomes({ id }: { id: number }) {
  const all = useNewest(id, {}, 100);
  const dead = useNewest(id, { status: 'dead_letter' }, 1);
  const series = useLately()?.get(id);
  const times = all.items.slice(0, 100).map((each) => each.execution_time_ms).filter((each) => each !== null);
  const link = (query: string) => `/executions?trigger_id=${id}${query}`;
  if (all.total === 0) return <p className="muted">It has not fired yet. <Link href="/events">Look at the events</Link>: each says which triggers fired for it, and why others did not.</p>;
  const lastDead = dead.items[0];
  return (
    <Facts
      facts={[
        ['Executions', <Link key="all" href={link('')}>{countText(all.total)}</Link>],
        ['Dead letters', dead.total ? <Link key="dead" href={link('&status=dead_letter')}>{countText(dead.total)}</Link> : countText(dead.total)],
        ['Rate, ten minutes', <Rate key="rate" series={series} />],
        ['Errors, ten minutes', <Errors key="errors" series={series} />],
        ['Last fired', <RelativeTime key="last" at={all.items[0]?.created_at} />],
        ['Median of the last 100', durationText(quantile(times, 0.5))],
        ['p99 of the last 100', durationText(quantile(times, 0.99))],
        ['Time of the last 100', times.length > 1 ? <Sparkline key="times" values={[...times].reverse()} label={`Time of the last ${times.length} executions, at most ${durationText(Math.max(...times))}`} width={120} /> : '–'],
        ...(lastDead ? [['Last error', <Link key="error" href={`/executions/${encodeURIComponent(lastDead.id)}`} className="bad">{lastDead.error_message}</Link>] as const] : []),
      ]}
    />
  );
}
