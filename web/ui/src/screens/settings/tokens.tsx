// Who may use the API and this page.
import { useState } from 'react';
import { api, path } from '../../api/client';
import { useAction, useList, useMay, useSession } from '../../api/queries';
import type { RoleName, Token } from '../../api/types';
import { CodeBlock } from '../../parts/copy';
import { Note, ProblemBox } from '../../parts/notice';
import { Status } from '../../parts/status';
import { RelativeTime } from '../../parts/time';
import css from './settings.module.css';

const roles: { value: RoleName; may: string }[] = [
  { value: 'viewer', may: 'reads everything but tokens' },
  { value: 'operator', may: 'also retries and discards, pauses sources, switches triggers, posts events' },
  { value: 'author', may: 'also writes triggers, workflows and scripts' },
  { value: 'admin', may: 'also makes and revokes tokens' },
];

export function Tokens() {
  const mayAdminister = useMay('admin');
  const session = useSession();
  const tokens = useList<Token>(['tokens'], '/tokens', {}, { limit: 1000, when: mayAdminister });
  if (!mayAdminister)
    return <Note tone="idle"><p>Tokens are for admins. You are signed in as {session?.name} with the role {session?.role}.</p></Note>;
  return (
    <>
      <NewToken />
      <section className="card stack">
        <h2>Tokens</h2>
        {tokens.error && <ProblemBox error={tokens.error} />}
        <div className={css.scroll} tabIndex={0} role="group" aria-label="Tokens">
          <table className={css.tokens}>
            <thead><tr><th scope="col">Name</th><th scope="col">Role</th><th scope="col">State</th><th scope="col">Made</th><th scope="col">Last used</th><th scope="col"><span className="sr-only">Actions</span></th></tr></thead>
            <tbody>{tokens.items.map((token) => <TokenRow key={token.id} token={token} />)}</tbody>
          </table>
        </div>
      </section>
    </>
  );
}

function TokenRow({ token }: { token: Token }) {
  const [sure, setSure] = useState(false);
  const revoke = useAction((id: string) => api.remove(path`/tokens/${id}`), 'tokens');
  return (
    <tr>
      <th scope="row">{token.name}</th>
      <td>{token.role}</td>
      <td>{token.revoked_at ? <Status state="inactive" word="Revoked" /> : <Status state="active" word="In force" />}</td>
      <td><RelativeTime at={token.created_at} /></td>
      <td>{token.last_used_at ? <RelativeTime at={token.last_used_at} /> : <span className="muted">never</span>}</td>
      <td className={css.actions}>
        {!token.revoked_at && !sure && <button type="button" className="danger plain" onClick={() => { setSure(true); }} aria-label={`Revoke ${token.name}…`}>Revoke…</button>}
        {!token.revoked_at && sure && (
          <span className="row">
            <button type="button" className="danger" disabled={revoke.isPending} onClick={() => { revoke.mutate(token.id, { onSettled: () => { setSure(false); } }); }}>Revoke for good</button>
            <button type="button" onClick={() => { setSure(false); }}>Keep</button>
          </span>
        )}
        {revoke.error && <ProblemBox error={revoke.error} />}
      </td>
    </tr>
  );
}

function NewToken() {
  const [name, setName] = useState('');
  const [role, setRole] = useState<RoleName>('operator');
  const make = useAction((body: { name: string; role: RoleName }) => api.post<Token>('/tokens', body), 'tokens');
  const problem = make.error?.at('/name');
  return (
    <section className="card stack">
      <h2>Make a token</h2>
      <form className={css.form} onSubmit={(submit) => { submit.preventDefault(); make.mutate({ name: name.trim(), role }, { onSuccess: () => { setName(''); } }); }}>
        <div className="field">
          <label htmlFor="token-name">What it is for</label>
          <input id="token-name" value={name} placeholder="dashboard" onChange={(change) => { setName(change.target.value); }} aria-invalid={problem !== undefined} />
          {problem && <span className="problem">{problem.detail}</span>}
        </div>
        <div className="field">
          <label htmlFor="token-role">Role</label>
          <select id="token-role" value={role} onChange={(change) => { setRole(change.target.value as RoleName); }}>
            {roles.map((each) => <option key={each.value} value={each.value}>{each.value}</option>)}
          </select>
        </div>
        <button type="submit" className="primary" disabled={name.trim() === '' || make.isPending}>Make the token</button>
      </form>
      <p className="muted">A token with the role {role} {roles.find((each) => each.value === role)?.may}.</p>
      {make.error && !problem && <ProblemBox error={make.error} />}
      {make.data?.token && (
        <Note tone="good">
          <div className="stack"><p>The token “{make.data.name}”. It is shown this once only; what is stored is its hash.</p><CodeBlock text={make.data.token} what="the token" /></div>
        </Note>
      )}
    </section>
  );
}
