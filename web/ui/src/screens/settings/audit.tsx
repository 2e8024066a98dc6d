// Who changed what, when and from where.
import { Link } from 'wouter';
import { writeJson } from '../../api/json';
import { useList, useMay } from '../../api/queries';
import type { AuditEntry } from '../../api/types';
import { FilterBar, useFilters, type FilterField } from '../../parts/filters';
import { Empty, Note, ProblemBox } from '../../parts/notice';
import { DataTable, type Column } from '../../parts/table';
import { RelativeTime } from '../../parts/time';
import css from './settings.module.css';

/** The screen that shows what was changed: "/triggers/7" as it is; undefined where there is none. */
function placeOf(object: string): string | undefined {
  const [, kind] = object.split('/');
  return ['triggers', 'workflows', 'scripts', 'executions', 'sources'].includes(kind ?? '') ? object : undefined;
}

function detailOf({ detail }: AuditEntry): string {
  return detail ? Object.entries(detail).map(([name, value]) => `${name}: ${typeof value === 'string' ? value : writeJson(value)}`).join(', ') : '';
}

const columns: Column<AuditEntry>[] = [
  { key: 'at', title: 'When', width: '92px', narrow: true, sort: (each) => each.at, render: (each) => <RelativeTime at={each.at} /> },
  { key: 'who', title: 'Who', width: 'minmax(90px, 0.8fr)', narrow: true, narrowWidth: 'minmax(0, 0.8fr)', sort: (each) => each.who, render: (each) => each.who },
  { key: 'action', title: 'Did', width: 'minmax(130px, 1fr)', narrow: true, narrowWidth: 'minmax(0, 1.2fr)', sort: (each) => each.action, render: (each) => <span className="mono">{each.action}</span> },
  { key: 'object', title: 'To', width: 'minmax(150px, 1.4fr)', sort: (each) => each.object, render: (each) => { const place = placeOf(each.object); return place ? <Link href={place} className="mono">{each.object}</Link> : <span className="mono">{each.object}</span>; } },
  { key: 'detail', title: 'More', width: 'minmax(100px, 1.6fr)', render: (each) => <span className="muted" title={detailOf(each)}>{detailOf(each)}</span> },
  { key: 'address', title: 'From', width: '128px', render: (each) => <span className="mono muted">{each.address ?? 'this machine'}</span> },
];

const fields: FilterField[] = [{ name: 'who', label: 'Who' }, { name: 'action', label: 'Did' }, { name: 'object', label: 'To' }];

export function AuditLog() {
  const mayRead = useMay('admin');
  const [filters, setFilter] = useFilters(fields);
  const list = useList<AuditEntry>(['audit-log'], '/audit-log', filters, { every: 5_000, when: mayRead });
  if (!mayRead) return <Note tone="idle">The audit log is for admins.</Note>;
  return (
    <div className={css.audit}>
      <FilterBar fields={fields} values={filters} onChange={setFilter} />
      {list.error && <ProblemBox error={list.error} />}
      <DataTable
        name="audit" label="Audit log" rows={list.items} columns={columns} rowKey={(each) => String(each.id)} onEnd={list.more}
        empty={list.loading ? null : <Empty title="No change yet"><p>Every change of a trigger, workflow, script, token or source that somebody makes stands here, with who made it and from where.</p></Empty>}
      />
    </div>
  );
}
