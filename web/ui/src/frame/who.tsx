// Who is signed in, and who else is here.
import { useEffect } from 'react';
import { Link, useLocation } from 'wouter';
import { api } from '../api/client';
import { queries, useSession } from '../api/queries';
import { useOthers } from '../live/live';
import { link } from '../live/socket';
import { Icon } from '../parts/icon';
import css from './frame.module.css';

export function WhoIsHere({ onShortcuts }: { onShortcuts: () => void }) {
  const session = useSession();
  const [location] = useLocation();
  const others = useOthers();
  useEffect(() => { link.present(location.slice(1) || 'overview'); }, [location]);
  if (!session) return null;
  const signOut = async () => {
    await api.remove('/session');
    queries.clear();
    window.location.assign('/');
  };
  const also = others.length === 0 ? '' : `, and ${others.length === 1 ? 'one other' : `${others.length} others`} here`;
  return (
    <details className={css.who} onBlur={(blur) => { if (!blur.currentTarget.contains(blur.relatedTarget)) blur.currentTarget.open = false; }}>
      <summary aria-label={`Signed in as ${session.name}, ${session.role}${also}`}>
        <Icon name="person" /><span>{session.name}</span>{others.length > 0 && <strong className={css.others}>+{others.length}</strong>}
      </summary>
      <div className={css.whoMenu}>
        <div><strong>{session.name}</strong><div className="muted">{session.role}</div></div>
        {others.length > 0 && (
          <ul aria-label="Also here">
            {others.map((other) => <li key={other.session}>{other.name} at <Link href={`/${other.place === 'overview' ? '' : other.place}`}>{other.place}</Link></li>)}
          </ul>
        )}
        <button type="button" className="plain" onClick={onShortcuts}><Icon name="keyboard" />Keyboard shortcuts</button>
        <button type="button" className="plain" onClick={() => void signOut()}><Icon name="key" />Sign out</button>
      </div>
    </details>
  );
}
