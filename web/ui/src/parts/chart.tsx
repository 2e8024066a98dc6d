// A line chart over time: uPlot in the page's colours, in both themes.
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import css from './chart.module.css';

export interface Line {
  name: string;
  color: '--accent' | '--good' | '--warn' | '--bad' | '--muted';
  values: (number | null)[];
}

interface Props {
  times: number[]; // seconds
  lines: Line[];
  label: string; // what the chart says, in words
  format: (value: number) => string;
  least?: number; // the scale goes at least up to here
  height?: number;
}

const color = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// At least the last minute, so that a line grows into the picture instead of being stretched over it.
function windowOf(times: ArrayLike<number>): [number, number] {
  const end = times[times.length - 1] ?? Date.now() / 1000;
  return [Math.min(times[0] ?? end, end - 60), end];
}

const clock = (seconds: number) => new Date(seconds * 1000).toLocaleTimeString('en-GB');

function optionsOf({ lines, format, least = 1 }: Props, width: number, height: number): uPlot.Options {
  const axis = { stroke: color('--muted'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui' };
  return {
    width, height, legend: { show: false }, cursor: { show: false }, padding: [8, 28, 0, 0],
    scales: {
      x: { range: (plot) => windowOf(plot.data[0]) },
      y: { range: (_, __, top) => [0, Math.max(top * 1.15, least)] },
    },
    axes: [{ ...axis, space: 90, size: 28, values: (_, ticks) => ticks.map(clock) }, { ...axis, size: 56, values: (_, ticks) => ticks.map(format) }],
    series: [{}, ...lines.map((line) => ({ label: line.name, stroke: color(line.color), width: 1.5, points: { show: false }, spanGaps: true }))],
  };
}

export default function Chart(props: Props) {
  const { times, lines, label, height = 130 } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef<Props>(props);
  useEffect(() => {
    latest.current = props;
    plot.current?.setData([times, ...lines.map((line) => line.values)]);
  });
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const draw = () => {
      plot.current?.destroy();
      const { times: at, lines: now } = latest.current;
      plot.current = new uPlot(optionsOf(latest.current, element.clientWidth, height), [at, ...now.map((line) => line.values)], element);
    };
    draw();
    const resized = new ResizeObserver(() => { plot.current?.setSize({ width: element.clientWidth, height }); });
    resized.observe(element);
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    const system = window.matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', draw);
    return () => {
      resized.disconnect();
      themed.disconnect();
      system.removeEventListener('change', draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [height]);
  return <div ref={place} className={css.chart} role="img" aria-label={label} style={{ height }} />;
}
