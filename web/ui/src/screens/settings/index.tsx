import { Link, Redirect } from 'wouter';
import { useMay } from '../../api/queries';
import { Screen, useOpened } from '../../parts/screen';
import { Appearance } from './appearance';
import { AuditLog } from './audit';
import { Connections } from './connections';
import { Journal } from './journal';
import css from './settings.module.css';
import { Tokens } from './tokens';

const parts = [
  { to: 'tokens', name: 'Tokens and roles' },
  { to: 'connections', name: 'Connections' },
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
            {opened === 'connections' && <Connections />}
            {opened === 'journal' && <Journal />}
            {opened === 'appearance' && <Appearance />}
          </div>
        </div>
      )}
    </Screen>
  );
}
