// What somebody should look at, the worst first.
import { Link } from 'wouter';
import { useList } from '../../api/queries';
import type { Execution, Health } from '../../api/types';
import { Remedy } from '../../parts/copy';
import { Status } from '../../parts/status';
import { bytesText, counted } from '../../parts/time';
import css from './overview.module.css';

export interface Need {
  key: string;
  state: string; // for the mark
  of: 'source' | 'execution';
  what: string;
  detail?: string | null;
  remedy?: string | null;
  to?: string;
  action?: string; // the text of the link
}

export function useAttention(health: Health | undefined): Need[] {
  const letters = useList<Execution>(['executions', 'dead-letters', 'count'], '/dead-letters', {}, { limit: 1, every: 5_000 });
  const retrying = useList<Execution>(['executions', 'retrying', 'count'], '/executions', { status: 'retrying' }, { limit: 1, every: 5_000 });
  const needs: Need[] = [];
  if (!health) return needs;
  if (health.store.status !== 'ok') needs.push({ key: 'store', state: 'failed', of: 'source', what: 'The store does not work', detail: health.store.reason });
  if (health.journal.status !== 'ok')
    needs.push({ key: 'journal', state: health.journal.status, of: 'source', what: `The journal holds ${bytesText(health.journal.bytes)} of ${bytesText(health.journal.budget_bytes)}`, detail: health.journal.reason });
  for (const source of health.sources)
    if (source.state !== 'running')
      needs.push({
        key: source.name, state: source.state, of: 'source', what: `Source ${source.name}`, detail: source.reason, remedy: source.remedy,
        to: `/sources/${encodeURIComponent(source.name)}`, action: 'Open the source',
      });
  if (letters.total)
    needs.push({ key: 'letters', state: 'dead_letter', of: 'execution', what: `${counted(letters.total, 'execution')} used up all retries`, to: '/executions?status=dead_letter&view=errors', action: 'Look at the errors' });
  if (retrying.total)
    needs.push({ key: 'retrying', state: 'retrying', of: 'execution', what: `${counted(retrying.total, 'execution')} wait for another attempt`, to: '/executions?status=retrying', action: 'Look at them' });
  return needs;
}

export function Attention({ needs }: { needs: Need[] }) {
  return (
    <section className="card" aria-labelledby="attention">
      <h2 id="attention">Needs attention</h2>
      <ul className={css.needs}>
        {needs.map((need) => (
          <li key={need.key} className={css.need}>
            <span className={css.state}><Status of={need.of} state={need.state} /></span>
            <div className="stack grow">
              <div className="row"><strong>{need.what}</strong>{need.to && <Link href={need.to}>{need.action}</Link>}</div>
              {need.detail && <p>{need.detail}</p>}
              {need.remedy && <Remedy text={need.remedy} />}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
