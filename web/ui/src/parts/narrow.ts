import { useSyncExternalStore } from 'react';

const query = window.matchMedia('(max-width: 720px)');

/** Whether the window is narrow: panes become pages, tables show fewer columns. The same width as in the style sheets. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      query.addEventListener('change', changed);
      return () => { query.removeEventListener('change', changed); };
    },
    () => query.matches,
  );
}
