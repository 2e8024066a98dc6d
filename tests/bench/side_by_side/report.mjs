// Results as one table; a ratio above its goal is marked ok.
const rows = [];

export function report(part, what, measured, comparedWith, reference, ratio, goal) {
  rows.push({ part, what, measured, comparedWith, reference, ratio, goal });
  print([rows.at(-1)], rows.length === 1);
}
const number = (value) => (value === null || value === undefined ? '' : typeof value === 'string' ? value
  : value >= 1000 ? Math.round(value).toLocaleString('en-US') : value >= 10 ? value.toFixed(1) : value.toFixed(2));

// `goal`: { least } or { most }, applied to the ratio where there is one, else to the measured figure.
function verdict({ measured, ratio, goal }) {
  if (!goal) return '';
  const value = ratio ?? measured;
  if (goal.least !== undefined) return `${value >= goal.least ? 'ok' : 'BELOW'} (>= ${goal.least})`;
  return `${value <= goal.most ? 'ok' : 'ABOVE'} (<= ${goal.most})`;
}

function print(some, heading) {
  const line = (cells) => console.log(cells.map((cell, i) => (i === 2 || i === 4 || i === 5 ? String(cell).padStart([0, 0, 12, 0, 12, 7][i]) : String(cell).padEnd([3, 58, 0, 28, 0, 0, 0][i]))).join('  '));
  if (heading) line(['', 'measured', 'rowhook', 'against', '', 'ratio', 'goal']);
  for (const row of some)
    line([row.part, row.what, number(row.measured), row.comparedWith ?? '', number(row.reference), number(row.ratio), verdict(row)]);
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
export const percentile = (values, p) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * p))];
