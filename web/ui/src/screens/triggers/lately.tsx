// How triggers did in the last ten minutes: one question for all of them, a line each in the table.
import { useMemo } from 'react';
import { Link } from 'wouter';
import { useRead } from '../../api/queries';
import type { Page, TriggerSeries } from '../../api/types';
import { Sparkline } from '../../parts/sparkline';
import { counted, durationText, RelativeTime } from '../../parts/time';
import { endedIn, failedIn, newestP99, perSecond, rateText, smoothed } from './rates';
import css from './triggers.module.css';

export type Lately = ReadonlyMap<number, TriggerSeries>;

export function useLately(): Lately | undefined {
  const found = useRead<Page<TriggerSeries>>(['trigger-series'], '/metrics/trigger-series', { limit: 1000 }, { every: 5_000 }).data;
  return useMemo(() => found && new Map(found.items.map((each) => [each.trigger_id, each])), [found]);
}

export function Rate({ series }: { series: TriggerSeries | undefined }) {
  if (!series || endedIn(series) === 0) return <span className="muted">none</span>;
  const rates = smoothed(perSecond(series));
  const now = rateText(rates.at(-1) ?? 0);
  return <span className={css.spark}><Sparkline values={rates} width={56} label={`${counted(endedIn(series), 'execution')} in ten minutes, now ${now}`} /><span>{now}</span></span>;
}

export function Errors({ series }: { series: TriggerSeries | undefined }) {
  const failed = series ? failedIn(series) : 0;
  if (!series || failed === 0) return <span className="muted">none</span>;
  return <span className={css.spark}><Sparkline values={series.failed} width={40} color="--bad" label={`${counted(failed, 'attempt')} failed in ten minutes`} /><span className="bad">{failed}</span></span>;
}

export function Slowest({ series }: { series: TriggerSeries | undefined }) {
  const newest = series && newestP99(series);
  if (!series || newest === undefined) return <span className="muted">–</span>;
  return <span className={css.spark}><Sparkline values={series.p99_ms} width={40} color="--warn" label={`99 of 100 took at most ${durationText(newest)}`} /><span>{durationText(newest)}</span></span>;
}

export function LastError({ series }: { series: TriggerSeries | undefined }) {
  const last = series?.last_failure;
  if (!last) return <span className="muted">none</span>;
  return (
    <span className={css.lastError}>
      <Link href={`/executions/${encodeURIComponent(last.execution_id)}`} className="bad truncate" title={last.message} onClick={(click) => { click.stopPropagation(); }}>{last.message}</Link>
      <span className="muted"><RelativeTime at={last.at} /></span>
    </span>
  );
}
