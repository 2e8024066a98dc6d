// Numbers out of a trigger's last ten minutes.
import type { TriggerSeries } from '../../api/types';

const sum = (counts: readonly number[]) => counts.reduce((all, each) => all + each, 0);

/** Attempts that ended. */
export function endedIn(series: TriggerSeries): number {
  return sum(series.completed) + sum(series.failed);
}

export function failedIn(series: TriggerSeries): number {
  return sum(series.failed);
}

/** What ended per second, in each step that is over. */
export function perSecond(series: TriggerSeries): number[] {
  return series.completed.slice(0, -1).map((count, index) => (count + (series.failed[index] ?? 0)) / series.step_seconds);
}

/** Each value with its neighbours, so that a trigger that fires every few seconds is a line and not a comb. */
export function smoothed(values: readonly number[]): number[] {
  return values.map((value, index) => {
    const near = [values[index - 1], value, values[index + 1]].filter((each) => each !== undefined);
    return sum(near) / near.length;
  });
}

/** Of the newest step in which something ended. */
export function newestP99(series: TriggerSeries): number | undefined {
  return series.p99_ms.findLast((each) => each !== null) ?? undefined;
}

/** "12/s", "4/min": what reads best. */
export function rateText(perSecondNow: number): string {
  if (perSecondNow >= 0.95) return `${perSecondNow < 10 ? perSecondNow.toFixed(1) : Math.round(perSecondNow).toLocaleString('en')}/s`;
  return `${Math.round(perSecondNow * 60)}/min`;
}
