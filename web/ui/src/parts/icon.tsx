// One set of icons, drawn here: 16 by 16, a stroke of 1.5 in the colour of the text.
const paths = {
  overview: 'M2.5 9.5 5.5 6l2.5 3 5-6M2.5 13.5h11',
  events: 'M2.5 4h11M2.5 8h7M2.5 12h9',
  triggers: 'M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z',
  workflows: 'M2 3.5h4v3H2zM10 9.5h4v3h-4zM6 5h3a2 2 0 0 1 2 2v2.5',
  scripts: 'M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5',
  executions: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM6.7 5.7v4.6L10.4 8z',
  sources: 'M2.5 4c0-1.2 2.5-2 5.5-2s5.5.8 5.5 2-2.5 2-5.5 2-5.5-.8-5.5-2zM2.5 4v8c0 1.2 2.5 2 5.5 2s5.5-.8 5.5-2V4M2.5 8c0 1.2 2.5 2 5.5 2s5.5-.8 5.5-2',
  settings: 'M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7M10.5 3v3M5.5 10v3',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.5 10.5 14 14',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  copy: 'M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1',
  check: 'M3 8.5 6.5 12 13 4.5',
  warn: 'M8 2 14.5 13.5h-13zM8 6.5v3.2M8 11.4v.4',
  cross: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
  clock: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 4.8V8l2.2 1.6',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3v10l8-5z',
  retry: 'M13 8a5 5 0 1 1-1.6-3.7M13.2 2.2v3h-3',
  circle: 'M8 3.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z',
  minus: 'M3.5 8h9',
  plus: 'M8 3.5v9M3.5 8h9',
  down: 'M4 6l4 4 4-4',
  right: 'M6 4l4 4-4 4',
  left: 'M10 4 6 8l4 4',
  external: 'M6.5 3.5h-3v9h9v-3M9 2.5h4.5V7M13.5 2.5 7.5 8.5',
  person: 'M8 2.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM3 13.5c.5-2.5 2.5-4 5-4s4.5 1.5 5 4',
  columns: 'M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10',
  filter: 'M2 3.5h12l-4.5 5v4l-3 1.5V8.5z',
  trash: 'M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9',
  key: 'M5 7.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM7.2 8.6 13 2.5M11 4.6l2 2',
  sun: 'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1',
  alignLeft: 'M2.5 2v12M5 4h8v3H5zM5 9.5h5v3H5z',
  alignCentre: 'M8 2v2M8 7v2.5M8 12.5V14M4 4h8v3H4zM5.5 9.5h5v3h-5z',
  alignRight: 'M13.5 2v12M3 4h8v3H3zM6 9.5h5v3H6z',
  alignTop: 'M2 2.5h12M4 5v8h3V5zM9.5 5v5h3V5z',
  alignMiddle: 'M2 8h2M7 8h2.5M12.5 8H14M4 4v8h3V4zM9.5 5.5v5h3v-5z',
  alignBottom: 'M2 13.5h12M4 3v8h3V3zM9.5 6v5h3V6z',
  spreadAcross: 'M2.5 2v12M13.5 2v12M6.5 4.5h3v7h-3z',
  spreadDown: 'M2 2.5h12M2 13.5h12M4.5 6.5v3h7v-3z',
  keyboard: 'M1.5 4h13v8h-13zM4 6.5h.1M6.6 6.5h.1M9.3 6.5h.1M12 6.5h.1M5 9.5h6',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
