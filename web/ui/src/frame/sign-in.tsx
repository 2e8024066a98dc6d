// The door: the link that `serve` and `demo` print carries a one-time code behind its #; a token can be pasted as well.
import { useState } from 'react';
import { api, Problem } from '../api/client';
import type { Session } from '../api/types';
import { CodeBlock } from '../parts/copy';
import { ProblemBox } from '../parts/notice';
import css from './sign-in.module.css';

/** The code in the URL, taken out of it so that it stays in no history. */
export function takeCode(): string | undefined {
  const code = new URLSearchParams(window.location.hash.slice(1)).get('code') ?? undefined;
  if (code) window.history.replaceState(null, '', window.location.pathname + window.location.search);
  return code;
}

export function SignIn({ failure, onDone }: { failure: Problem | undefined; onDone: (session: Session) => void }) {
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState(failure);
  const [busy, setBusy] = useState(false);
  const signIn = async () => {
    setBusy(true);
    try {
      onDone(await api.post<Session>('/session', { token: token.trim() }));
    } catch (error) {
      setProblem(error as Problem);
    }
    setBusy(false);
  };
  return (
    <main className={css.door}>
      <div className={css.sheet}>
        <div className="row"><img src="/icon.svg" alt="" width="28" height="28" /><h1>Sign in to Rowhook</h1></div>
        {problem && <ProblemBox error={problem} />}
        <form className="stack" onSubmit={(submit) => { submit.preventDefault(); void signIn(); }}>
          <div className="field">
            <label htmlFor="token">Token</label>
            <input id="token" type="password" autoComplete="off" spellCheck={false} autoFocus value={token} onChange={(change) => { setToken(change.target.value); }} placeholder="rowhook_…" />
          </div>
          <button type="submit" className="primary" disabled={busy || token.trim() === ''}>Sign in</button>
        </form>
        <div className="stack">
          <p className="muted">No token at hand? Starting <code>rowhook serve</code> or <code>rowhook demo</code> prints a link that signs in once. The admin token is in the data directory, and makes others:</p>
          <CodeBlock what="the command" text={'cat rowhook-data/admin-token\nrowhook token create "$USER" --role operator'} />
        </div>
      </div>
    </main>
  );
}
