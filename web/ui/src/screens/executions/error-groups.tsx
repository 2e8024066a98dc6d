// Dead letters grouped by what went wrong, with retry and discard for a whole group.
import { useEffect, useMemo } from 'react';
import { Link } from 'wouter';
import { useList } from '../../api/queries';
import type { Execution } from '../../api/types';
import { Empty, ProblemBox } from '../../parts/notice';
import { counted, countText, RelativeTime } from '../../parts/time';
import { BulkButtons } from './bulk-bar';
import css from './executions.module.css';
import { groupByError, type ErrorGroup } from './group';

const mostLoaded = 10_000;

export function ErrorGroups() {
  const letters = useList<Execution>(['executions', 'dead-letters'], '/dead-letters', {}, { limit: 1000, every: 5_000 });
  const { items, complete, more } = letters;
  useEffect(() => { if (!complete && items.length < mostLoaded) more(); }, [complete, items.length, more]);
  const groups = useMemo(() => groupByError(items), [items]);
  const partial = letters.total !== undefined && items.length < letters.total;
  return (
    <div className="screen-body">
      {letters.error && <ProblemBox error={letters.error} />}
      {!letters.loading && groups.length === 0 && (
        <Empty title="No dead letters"><p>An execution whose retries are used up is kept until somebody retries or discards it, grouped here by what went wrong.</p></Empty>
      )}
      {groups.length > 0 && (
        <p className={css.summary}>
          {counted(items.length, 'dead letter')} for {counted(groups.length, 'reason')}{partial && `, the newest of ${countText(letters.total)}`}
        </p>
      )}
      <ul className={css.groups}>{groups.map((group) => <Group key={group.key} group={group} />)}</ul>
    </div>
  );
}

function Group({ group }: { group: ErrorGroup }) {
  const shown = group.executions.slice(0, 5);
  return (
    <li className={`card ${css.group ?? ''}`}>
      <div className={css.groupHead}>
        <h2 className={css.message}>{group.sample}</h2>
        <p className="muted">{counted(group.executions.length, 'execution')}, the last <RelativeTime at={group.newest} />{group.executions.length > 1 && <>, the first <RelativeTime at={group.oldest} /></>}, of {group.workflows.map((id, index) => <span key={id}>{index > 0 && ', '}<Link href={`/workflows/${encodeURIComponent(id)}`}>{id}</Link></span>)}</p>
      </div>
      <div className="row">
        <BulkButtons ids={group.executions.map((each) => each.id)} />
      </div>
      <ul className={css.members}>
        {shown.map((each) => (
          <li key={each.id}><Link href={`/executions/${encodeURIComponent(each.id)}?status=dead_letter`}>{each.id}</Link>{each.table && ` ${each.table}`} <RelativeTime at={each.created_at} /></li>
        ))}
        {group.executions.length > shown.length && <li className="muted">and {countText(group.executions.length - shown.length)} more</li>}
      </ul>
    </li>
  );
}
