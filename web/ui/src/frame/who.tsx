import { api } from '../api/client';
import { queries, useSession } from '../api/queries';
import { Icon } from '../parts/icon';
import css from './frame.module.css';

/** Who is signed in. */
export function WhoIsHere({ onShortcuts }: { onShortcuts: () => void }) {
  const session = useSession();
  if (!session) return null;
  const signOut = async () => {
    await api.remove('/session');
    queries.clear();
    window.location.assign('/');
  };
  return (
    <details className={css.who} onBlur={(blur) => { if (!blur.currentTarget.contains(blur.relatedTarget)) blur.currentTarget.open = false; }}>
      <summary aria-label={`Signed in as ${session.name}, ${session.role}`}><Icon name="person" /><span>{session.name}</span></summary>
      <div className={css.whoMenu}>
        <div><strong>{session.name}</strong><div className="muted">{session.role}</div></div>
        <button type="button" className="plain" onClick={onShortcuts}><Icon name="keyboard" />Keyboard shortcuts</button>
        <button type="button" className="plain" onClick={() => void signOut()}><Icon name="key" />Sign out</button>
      </div>
    </details>
  );
}
