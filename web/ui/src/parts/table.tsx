// The table of every list: virtualised rows of 36 px, sortable, driven by j, k, Enter and x, columns remembered.
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { Icon } from './icon';
import { useNarrow } from './narrow';
import { useShortcut } from './shortcuts';
import { useStored } from './stored';
import css from './table.module.css';

export interface Column<Row> {
  key: string;
  title: string;
  width: string; // a track of CSS grid: "120px", "minmax(160px, 2fr)"
  render: (row: Row) => ReactNode;
  sort?: (row: Row) => string | number; // makes the column sortable (the rows that are loaded)
  number?: boolean; // right-aligned
  narrow?: boolean; // also shown below 720 px
  narrowWidth?: string; // its track there
  optional?: boolean; // hidden until it is asked for
}

interface Props<Row> {
  name: string; // remembers columns under this name
  label: string; // for screen readers: "Events"
  rows: Row[];
  columns: Column<Row>[];
  rowKey: (row: Row) => string;
  openKey?: string | undefined; // the row whose detail is shown
  onOpen?: ((row: Row) => void) | undefined;
  picked?: ReadonlySet<string> | undefined; // keys of rows picked for a bulk action
  onPick?: ((keys: Set<string>) => void) | undefined;
  onEnd?: (() => void) | undefined; // the end came into view: load more
  onScrolled?: ((away: boolean) => void) | undefined; // away from the first row, or back at it
  empty: ReactNode; // shown in place of rows
}

const rowHeight = 36;

export function DataTable<Row>(props: Props<Row>) {
  const { rows, columns, rowKey, openKey, onOpen, picked, onPick, onEnd } = props;
  const narrow = useNarrow();
  const [hidden, setHidden] = useStored<string[]>('columns.' + props.name, columns.filter((column) => column.optional).map((column) => column.key));
  const [sorting, setSorting] = useState<{ key: string; down: boolean } | undefined>();
  const [active, setActive] = useState(-1);
  const scroller = useRef<HTMLDivElement>(null);

  const shown = columns.filter((column) => (narrow ? column.narrow : !hidden.includes(column.key)));
  const sorted = useMemo(() => {
    const by = columns.find((column) => column.key === sorting?.key)?.sort;
    if (!by || !sorting) return rows;
    const order = sorting.down ? -1 : 1;
    return [...rows].sort((a, b) => {
      const [left, right] = [by(a), by(b)];
      return left < right ? -order : left > right ? order : 0;
    });
  }, [rows, columns, sorting]);

  const virtual = useVirtualizer({ count: sorted.length, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 12 });
  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? -1;
  useEffect(() => {
    if (onEnd && last >= sorted.length - 20 && sorted.length > 0) onEnd();
  }, [last, sorted.length, onEnd]);

  const openIndex = openKey === undefined ? -1 : sorted.findIndex((row) => rowKey(row) === openKey);
  const current = active >= 0 && active < sorted.length ? active : openIndex;

  const move = (to: number) => {
    const index = Math.max(0, Math.min(sorted.length - 1, to));
    const row = sorted[index];
    if (!row) return;
    setActive(index);
    virtual.scrollToIndex(index);
    // The row may not be drawn yet: it takes the focus once it is.
    requestAnimationFrame(() => {
      scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus({ preventScroll: true });
    });
    if (openKey !== undefined && !narrow) onOpen?.(row);
  };
  const toggle = (index: number) => {
    const row = sorted[index];
    if (!row || !onPick) return;
    const next = new Set(picked);
    if (!next.delete(rowKey(row))) next.add(rowKey(row));
    onPick(next);
  };
  useShortcut('j', 'Next row', 'Lists', () => { move(current + 1); }, sorted.length > 0);
  useShortcut('k', 'Previous row', 'Lists', () => { move(current - 1); }, sorted.length > 0);
  useShortcut('enter', 'Open the row', 'Lists', () => { const row = sorted[current]; if (row) onOpen?.(row); }, Boolean(onOpen) && sorted.length > 0);
  useShortcut('x', 'Pick the row', 'Lists', () => { toggle(current); }, Boolean(onPick) && sorted.length > 0);

  const pickTrack = onPick ? '36px ' : '';
  const tracks = pickTrack + shown.map((column) => (narrow ? (column.narrowWidth ?? column.width) : column.width)).join(' ');
  const all = picked !== undefined && sorted.every((row) => picked.has(rowKey(row)));

  if (sorted.length === 0) return <div className={css.table}><div className={css.scroller} tabIndex={0} role="group" aria-label={props.label}>{props.empty}</div></div>;
  return (
    <div className={css.table}>
      {!narrow && <ColumnMenu columns={columns} hidden={hidden} onChange={setHidden} />}
      <div ref={scroller} onScroll={(scroll) => { props.onScrolled?.(scroll.currentTarget.scrollTop > rowHeight); }} className={css.scroller} role="grid" aria-label={props.label} aria-rowcount={sorted.length + 1} tabIndex={-1}>
        <div className={css.head} role="row" aria-rowindex={1} style={{ gridTemplateColumns: tracks }}>
          {onPick && (
            <span role="columnheader" className={css.pick}>
              <input
                type="checkbox" aria-label="Pick all rows" checked={all}
                onChange={() => { onPick(all ? new Set() : new Set(sorted.map(rowKey))); }}
              />
            </span>
          )}
          {shown.map((column) => {
            const direction = sorting?.key === column.key ? (sorting.down ? 'descending' : 'ascending') : 'none';
            return (
              <span key={column.key} role="columnheader" className={column.number ? css.number : undefined} {...(column.sort ? { 'aria-sort': direction } : {})}>
                {column.sort ? (
                  <button
                    type="button" className={css.sort}
                    onClick={() => { setSorting(direction === 'none' ? { key: column.key, down: true } : direction === 'descending' ? { key: column.key, down: false } : undefined); }}
                  >
                    {column.title}{direction !== 'none' && <span aria-hidden="true">{direction === 'descending' ? ' ↓' : ' ↑'}</span>}
                  </button>
                ) : column.title}
              </span>
            );
          })}
        </div>
        <div className={css.rows} role="rowgroup" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = sorted[item.index];
            if (!row) return null;
            const key = rowKey(row);
            return (
              <div
                key={key} role="row" data-index={item.index} aria-rowindex={item.index + 2}
                {...(onOpen ? { 'aria-selected': key === openKey } : {})}
                className={`${css.row ?? ''} ${key === openKey ? (css.open ?? '') : ''} ${onOpen ? (css.opens ?? '') : ''}`}
                tabIndex={item.index === Math.max(current, 0) ? 0 : -1}
                style={{ gridTemplateColumns: tracks, transform: `translateY(${item.start}px)` }}
                onClick={() => { setActive(item.index); onOpen?.(row); }}
                onFocus={(focus) => { if (focus.target === focus.currentTarget) setActive(item.index); }}
                onKeyDown={(key_) => {
                  if (key_.target !== key_.currentTarget) return;
                  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 }[key_.key];
                  if (step === undefined) return;
                  key_.preventDefault();
                  move(item.index + step);
                }}
              >
                {onPick && (
                  <span role="gridcell" className={css.pick} onClick={(click) => { click.stopPropagation(); }}>
                    <input type="checkbox" aria-label="Pick this row" tabIndex={-1} checked={picked?.has(key) ?? false} onChange={() => { toggle(item.index); }} />
                  </span>
                )}
                {shown.map((column) => (
                  <span key={column.key} role="gridcell" className={`${css.cell ?? ''} ${column.number ? (css.number ?? '') : ''}`}>{column.render(row)}</span>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function ColumnMenu<Row>({ columns, hidden, onChange }: { columns: Column<Row>[]; hidden: string[]; onChange: (hidden: string[]) => void }) {
  return (
    <details className={css.menu} onBlur={(blur) => { if (!blur.currentTarget.contains(blur.relatedTarget)) blur.currentTarget.open = false; }}>
      <summary aria-label="Choose columns" title="Choose columns"><Icon name="columns" size={14} /></summary>
      <div className={css.choices}>
        {columns.map((column) => (
          <label key={column.key}>
            <input
              type="checkbox" checked={!hidden.includes(column.key)}
              onChange={(change) => { onChange(change.target.checked ? hidden.filter((key) => key !== column.key) : [...hidden, column.key]); }}
            />
            {column.title}
          </label>
        ))}
      </div>
    </details>
  );
}
