import { Link, Redirect } from 'wouter';
import { useMay, useRead } from '../../api/queries';
import type { Health } from '../../api/types';
import { Facts } from '../../parts/pane';
import { Screen, useOpened } from '../../parts/screen';
import { Status } from '../../parts/status';
import { bytesText, countText } from '../../parts/time';
import { Appearance } from './appearance';
import { AuditLog } from './audit';
import css from './settings.module.css';
import { Tokens } from './tokens';

const parts = [
  { to: 'tokens', name: 'Tokens and roles' },
  { to: 'journal', name: 'Journal and retention' },
  { to: 'audit', name: 'Audit log' },
  { to: 'appearance', name: 'Appearance' },
];

export default function Settings() {
  const opened = useOpened();
  const mayAdminister = useMay('admin');
  if (opened === undefined) return <Redirect to={mayAdminister ? '/settings/tokens' : '/settings/appearance'} replace />;
  return (
    <Screen
      title="Settings"
      tools={
        <nav aria-label="Settings" className="row">
          {parts.map((part) => <Link key={part.to} href={`/settings/${part.to}`} className="button" aria-current={part.to === opened ? 'page' : undefined}>{part.name}</Link>)}
        </nav>
      }
    >
      {opened === 'audit' ? <AuditLog /> : (
        <div className="screen-body">
          <div className={css.page}>
            {opened === 'tokens' && <Tokens />}
            {opened === 'journal' && <Journal />}
            {opened === 'appearance' && <Appearance />}
          </div>
        </div>
      )}
    </Screen>
  );
}

function Journal() {
  const health = useRead<Health>(['health'], '/health', {}, { every: 5_000 }).data;
  if (!health) return null;
  const { journal, store } = health;
  const used = journal.budget_bytes > 0 ? Math.min(100, (journal.bytes / journal.budget_bytes) * 100) : 0;
  return (
    <section className="card stack">
      <div className="row"><h2 className="grow">Journal</h2><Status of="source" state={journal.status} /></div>
      {journal.reason && <p className="bad">{journal.reason}</p>}
      <div className={css.meter} role="meter" aria-label="Journal space used" aria-valuenow={Math.round(used)} aria-valuemin={0} aria-valuemax={100}><span style={{ width: `${used}%` }} /></div>
      <Facts
        facts={[
          ['Used', `${bytesText(journal.bytes)} of ${bytesText(journal.budget_bytes)}`],
          ['Events kept', journal.last_seq >= journal.first_seq && journal.last_seq > 0 ? countText(journal.last_seq - journal.first_seq + 1) : '0'],
          ['Oldest seq', journal.first_seq],
          ['Newest seq', journal.last_seq],
          ['Store', <Status key="store" of="source" state={store.status} />],
          ['Version', health.version],
        ]}
      />
      <p className="muted">How long events are kept stands in the configuration, under <code>journal.retention</code>: <code>max_age</code> and <code>max_bytes</code>. Executions and dead letters stay until they are older than that, dead letters until somebody decides.</p>
    </section>
  );
}
