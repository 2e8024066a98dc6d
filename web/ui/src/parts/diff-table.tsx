// Old and new values of an event side by side, only the changed columns marked.
import { useState } from 'react';
import type { RowEvent } from '../api/types';
import { diffOf, type Side } from './diff';
import { MissingValue, Value } from './value';
import css from './diff-table.module.css';

function SideValue({ side }: { side: Side }) {
  return side.missing ? <MissingValue why={side.missing} /> : <Value value={side.value ?? null} />;
}

export function DiffTable({ event }: { event: RowEvent }) {
  const lines = diffOf(event);
  const isUpdate = event.event_type === 'record_updated';
  const unchanged = isUpdate ? lines.filter((line) => line.changed === false).length : 0;
  const [all, setAll] = useState(unchanged <= 8);
  if (lines.length === 0) return <p className="muted">This event carries no row.</p>;
  const shown = all ? lines : lines.filter((line) => line.changed !== false);
  const oldSide = isUpdate || event.event_type === 'record_deleted';
  const newSide = event.event_type !== 'record_deleted';
  return (
    <div className="stack">
      <table className={css.diff}>
        <thead>
          <tr><th scope="col">Column</th>{oldSide && <th scope="col">Before</th>}{newSide && <th scope="col">{oldSide ? 'After' : 'Value'}</th>}</tr>
        </thead>
        <tbody>
          {shown.map((line) => (
            <tr key={line.column} className={line.changed ? css.changed : undefined}>
              <th scope="row">{line.column}{line.changed && <span className="sr-only"> (changed)</span>}</th>
              {oldSide && <td className={css.before}><SideValue side={line.before} /></td>}
              {newSide && <td className={css.after}><SideValue side={line.after} /></td>}
            </tr>
          ))}
        </tbody>
      </table>
      {unchanged > 8 && <div><button type="button" className="plain" onClick={() => { setAll(!all); }}>{all ? 'Only the changed columns' : `Show ${unchanged} unchanged columns`}</button></div>}
      {event.metadata?.old_complete === false && isUpdate && (
        <p className="muted">The database sent only the key of the old row, so what changed is unknown. For PostgreSQL: <code>ALTER TABLE {event.schema ? `${event.schema}.` : ''}{event.table} REPLICA IDENTITY FULL;</code></p>
      )}
    </div>
  );
}
