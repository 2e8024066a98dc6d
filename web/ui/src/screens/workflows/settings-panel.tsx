// What concerns the workflow as a whole, its triggers, and its end.
import { useId, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api, path } from '../../api/client';
import { isRecord, parseJson, writeJson, type JsonValue } from '../../api/json';
import { useAction, useList } from '../../api/queries';
import type { Trigger } from '../../api/types';
import { CopyButton } from '../../parts/copy';
import { ProblemBox } from '../../parts/notice';
import { Part } from '../../parts/pane';
import { Status } from '../../parts/status';
import type { Editing } from './editing';
import { withMember } from './model';
import css from './workflows.module.css';

function TextField({ label, value, doc, disabled, problem, onChange }: { label: string; value: string; doc?: string; disabled: boolean; problem?: string | undefined; onChange: (value: string) => void }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} value={value} disabled={disabled} aria-invalid={problem !== undefined} onChange={(change) => { onChange(change.target.value); }} />
      {problem && <span className="problem">{problem}</span>}
      {doc && <span className="doc">{doc}</span>}
    </div>
  );
}

const shown = (value: JsonValue | undefined) => (value === undefined ? '' : typeof value === 'string' ? value : writeJson(value));

export function SettingsPanel({ id, etag, editing }: { id: string; etag: string | undefined; editing: Editing }) {
  const { draft, edit, mayWrite, faults } = editing;
  const triggers = useList<Trigger>(['triggers'], '/triggers', {}, { limit: 1000 }).items.filter((each) => each.workflow_id === id);
  const retry = isRecord(draft.settings['retry']) ? draft.settings['retry'] : {};
  const set = (name: string, value: JsonValue | undefined) => {
    edit((before) => ({ ...before, settings: withMember(before.settings, name, value) }), `settings ${name}`);
  };
  const setRetry = (text: string) => {
    const next = withMember<JsonValue>(retry, 'max_retries', text === '' ? undefined : /^\d+$/.test(text) ? parseJson(text) : text);
    set('retry', Object.keys(next).length === 0 ? undefined : next);
  };
  const at = (pointer: string) => faults.rest.find((each) => each.pointer === pointer)?.detail;
  return (
    <section aria-label="Settings" className={css.panel}>
      <h2 className="sr-only">Settings</h2>
      <TextField label="Name" value={draft.name} disabled={!mayWrite} problem={at('/name')} onChange={(name) => { edit((before) => ({ ...before, name }), 'name'); }} />
      <TextField label="Description" value={draft.description} disabled={!mayWrite} problem={at('/description')} onChange={(description) => { edit((before) => ({ ...before, description }), 'description'); }} />
      <TextField label="Tags" value={draft.tags.join(', ')} disabled={!mayWrite} doc="With commas between them" onChange={(text) => { edit((before) => ({ ...before, tags: text === '' ? [] : text.split(',').map((each) => each.trimStart()) }), 'tags'); }} />
      <TextField label="Timeout" value={shown(draft.settings['timeout'])} disabled={!mayWrite} problem={at('/settings/timeout')} doc="The longest time of one attempt: 30s, 5m. Empty: as configured" onChange={(text) => { set('timeout', text === '' ? undefined : text); }} />
      <TextField label="Retries" value={shown(retry['max_retries'])} disabled={!mayWrite} problem={at('/settings/retry/max_retries')} doc="How often a transient error is tried again. Empty: as configured" onChange={setRetry} />
      <Part title="Triggers that start it">
        <ul className="stack">{triggers.map((each) => <li key={each.id} className="row"><Link href={`/triggers/${each.id}`}>{each.name}</Link><Status state={each.is_active ? 'active' : 'inactive'} /></li>)}</ul>
        {triggers.length === 0 && <p className="muted">None yet: it runs only by hand. <Link href="/triggers">Triggers</Link></p>}
      </Part>
      <Part title="As JSON" tools={<CopyButton text={writeJson({ id, ...draft }, 2)} what="the workflow as JSON" />}><p className="muted">For a file that <code>rowhook apply</code> takes. Secrets are not in it.</p></Part>
      {mayWrite && <Remove id={id} name={draft.name} etag={etag} triggers={triggers.length} />}
    </section>
  );
}

function Remove({ id, name, etag, triggers }: { id: string; name: string; etag: string | undefined; triggers: number }) {
  const [, go] = useLocation();
  const [sure, setSure] = useState(false);
  const remove = useAction(async (tag: string | undefined) => {
    await api.remove(path`/workflows/${id}`, tag);
    go('/workflows'); // before the lists are renewed: this one would be asked for again
  }, 'workflows', 'triggers');
  const also = triggers === 0 ? '' : triggers === 1 ? ' and its trigger' : ` and its ${triggers} triggers`;
  return (
    <Part title="Delete">
      {sure ? (
        <>
          <p>“{name}”{also} go for good. Past executions stay.</p>
          <div className="row">
            <button type="button" className="danger" disabled={remove.isPending} onClick={() => { remove.mutate(etag); }}>Delete it{also}</button>
            <button type="button" onClick={() => { setSure(false); }}>Keep it</button>
          </div>
        </>
      ) : <div><button type="button" className="danger" onClick={() => { setSure(true); }}>Delete the workflow…</button></div>}
      {remove.error && <ProblemBox error={remove.error} />}
    </Part>
  );
}
