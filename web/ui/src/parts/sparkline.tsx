/** A line of numbers for a table's cell; null: a gap. `label` says it in words. */
export function Sparkline({ values, label, width = 80, height = 20, color = '--accent' }: { values: readonly (number | null)[]; label: string; width?: number; height?: number; color?: '--accent' | '--bad' | '--warn' }) {
  const top = Math.max(...values.map((value) => value ?? 0), 0);
  const step = values.length > 1 ? (width - 2) / (values.length - 1) : 0;
  const place = (value: number, index: number) => `${(1 + index * step).toFixed(1)},${(height - 2 - (top === 0 ? 0 : value / top) * (height - 4)).toFixed(1)}`;
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <title>{label}</title>
      {stretches(values).map(({ from, of }) => (
        // A value between two gaps would be no line: a short one is drawn.
        <polyline key={from} points={of.length === 1 ? `${place(of[0] ?? 0, from)} ${place(of[0] ?? 0, from + 0.6)}` : of.map((value, index) => place(value, from + index)).join(' ')} fill="none" stroke={`var(${color})`} strokeWidth="1.5" strokeLinejoin="round" strokeLinecap="round" />
      ))}
    </svg>
  );
}

/** The parts between the gaps, each with the index where it begins. */
function stretches(values: readonly (number | null)[]): { from: number; of: number[] }[] {
  const found: { from: number; of: number[] }[] = [];
  values.forEach((value, index) => {
    if (value === null) return;
    const last = found.at(-1);
    if (last && last.from + last.of.length === index) last.of.push(value);
    else found.push({ from: index, of: [value] });
  });
  return found;
}
