// Durations and sizes as the configuration writes them.

const spans: [number, string][] = [[86_400, 'd'], [3_600, 'h'], [60, 'm'], [1, 's']];
const sizes: [number, string][] = [[2 ** 40, 'TiB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB']];

/** "7d" for 604800; the largest unit that holds it without a rest. */
export function spanText(seconds: number): string {
  const [size, unit] = spans.find(([each]) => seconds % each === 0) ?? [1, 's'];
  return `${seconds / size}${unit}`;
}

/** "10GiB"; bytes where no unit holds it without a rest. */
export function sizeText(bytes: number): string {
  const [size, unit] = sizes.find(([each]) => bytes % each === 0 && bytes > 0) ?? [1, 'B'];
  return `${bytes / size}${unit}`;
}

export const isSpan = (text: string): boolean => /^\d+(ms|s|m|h|d)$/.test(text);
export const isSize = (text: string): boolean => /^\d+(B|KiB|MiB|GiB|TiB)$/.test(text);
