// The form of a trigger, for a new one and a stored one: the server checks while one writes, and says what is wrong where it is.
import { useEffect, useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { api, path, Problem, type FieldProblem } from '../../api/client';
import type { JsonRecord } from '../../api/json';
import { useAction, useDocument, useMay } from '../../api/queries';
import type { Trigger } from '../../api/types';
import { BacktestPart } from '../../parts/backtest-part';
import { Note, ProblemBox } from '../../parts/notice';
import { Pane } from '../../parts/pane';
import { useShortcut } from '../../parts/shortcuts';
import { Conflict } from './conflict';
import { bodyOf, draftOf, pointerOf, settings, type Draft, type Setting } from './draft';
import { FormFields, type Form } from './form-fields';
import css from './triggers.module.css';

export function NewTrigger() {
  const [params] = useSearchParams();
  const from = params.get('from') ?? '';
  const copied = useDocument<Trigger>(['triggers', from], path`/triggers/${from}`, { when: from !== '' });
  const start = copied.data?.body;
  return (
    <Pane title="New trigger" label="New trigger" closeTo="/triggers">
      {copied.error && <ProblemBox error={copied.error} />}
      {(from === '' || start) && <TriggerForm key={from} start={start ? { ...start, name: `${start.name} (copy)`, is_active: false } : { source: params.get('source') ?? '', event_type: params.get('event_type') ?? 'record_updated', workflow_id: params.get('workflow_id') ?? '' }} />}
    </Pane>
  );
}

export function EditTrigger({ id }: { id: string }) {
  const found = useDocument<Trigger>(['triggers', id], path`/triggers/${id}`);
  const stored = found.data;
  return (
    <Pane title={stored ? `Edit ${stored.body.name}` : 'Edit the trigger'} label={`Edit trigger ${id}`} closeTo={`/triggers/${id}`}>
      {found.error && <ProblemBox error={found.error} />}
      {stored && <TriggerForm start={stored.body} stored={stored.body} etag={stored.etag} />}
    </Pane>
  );
}

/** What the server would say to this body, a moment after it was written. */
function useCheck(body: unknown, when: boolean): FieldProblem[] {
  const text = JSON.stringify(body);
  const [problems, setProblems] = useState<FieldProblem[]>([]);
  useEffect(() => {
    if (!when) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      api.post<{ errors: FieldProblem[] }>('/triggers/validate', body, stop.signal).then(
        (answer) => { setProblems(answer.errors); },
        (error: unknown) => { if (error instanceof Problem) setProblems(error.errors); },
      );
    }, 250);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `body` is new with each drawing; `text` says whether it differs
  }, [text, when]);
  return problems;
}

/** A back-test asks when it fires: what is not written yet and has nothing to do with that is filled in. */
function complete(body: JsonRecord): JsonRecord {
  const written = (name: string, least: number) => { const value = body[name]; return typeof value === 'string' && value.trim().length >= least; };
  return { ...body, ...(written('name', 3) ? {} : { name: 'not named yet' }), ...(written('workflow_id', 1) ? {} : { workflow_id: 'not-chosen-yet' }) };
}

interface FormProps {
  start: Partial<Trigger>;
  stored?: Trigger; // the one that is changed; absent: a new one is made
  etag?: string | undefined;
}

function TriggerForm({ start, stored, etag }: FormProps) {
  const [, go] = useLocation();
  const mayWrite = useMay('author');
  const [draft, setDraft] = useState<Draft>(() => draftOf(start));
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [base, setBase] = useState({ etag, stored });
  const [webhook, setWebhook] = useState(stored === undefined && draft.config.endpoint !== '');
  const body = bodyOf(webhook ? { ...draft, workflow_id: '' } : draft, start.config);
  const checked = useCheck(body, mayWrite && touched.size > 0);
  const save = useAction<undefined, Trigger>(async () => {
    if (!base.stored) return api.post<Trigger>('/triggers', body);
    return (await api.put<Trigger>(path`/triggers/${base.stored.id}`, body, base.etag)).body;
  }, 'triggers', 'trigger-metrics');
  const [submitted, setSubmitted] = useState(false);
  const [leaving, setLeaving] = useState(false);
  useShortcut('escape', 'Close the form', 'Triggers', () => { setLeaving(true); }, mayWrite && touched.size > 0 && !leaving); // the next one is the pane's
  const changed = (pointer: string) => {
    setLeaving(false);
    setTouched((before) => new Set(before).add(pointer));
    if (save.isError && save.error.status !== 412) save.reset(); // the check that follows knows better
  };
  // What the server refused it for, or what it says to it as it stands.
  const problems = save.isError ? save.error.errors : checked;
  const form: Form = {
    draft, webhook, setWebhook, canChooseWebhook: stored === undefined,
    set: (name, value) => {
      setDraft((before) => ({ ...before, [name]: value }));
      changed('/' + name);
    },
    setConfig: (name, value) => {
      setDraft((before) => ({ ...before, config: { ...before.config, [name]: value } }));
      changed(pointerOf(name));
    },
    problem: (pointer) => (submitted || touched.has(pointer) ? problems.find((each) => each.pointer === pointer || each.pointer.startsWith(pointer + '/')) : undefined),
  };
  const known = new Set([...Object.keys(settings).map((each) => pointerOf(each as Setting)), '/name', '/description', '/source', '/event_type', '/workflow_id', '/target_node_id']);
  const elsewhere = save.error && (save.error.errors.length === 0 || save.error.errors.some((each) => !known.has(each.pointer.split('/').slice(0, 4).join('/'))));
  const submit = () => {
    setSubmitted(true);
    save.mutate(undefined, { onSuccess: (saved) => { go(`/triggers/${saved.id}${stored ? window.location.search : ''}`); } });
  };
  if (!mayWrite) return <Note tone="idle">Writing triggers needs the role author.</Note>;
  return (
    <form className={css.form} onSubmit={(event) => { event.preventDefault(); submit(); }}>
      {save.error?.status === 412 && base.stored
        ? <Conflict id={base.stored.id} mine={body} seen={base.stored} onTheirs={(theirs, tag) => { setDraft(draftOf(theirs)); setBase({ etag: tag, stored: theirs }); save.reset(); }} onMine={(theirs, tag) => { setBase({ etag: tag, stored: theirs }); save.reset(); }} />
        : elsewhere && <ProblemBox error={save.error} />}
      <FormFields form={form} />
      <BacktestPart body={{ trigger: complete(body), ...(base.stored ? { trigger_id: base.stored.id } : {}) }} what="the trigger as it stands here" stored={false} />
      <div className={css.foot}>
        <button type="submit" className="primary" disabled={save.isPending}>{stored ? 'Save the trigger' : draft.is_active ? 'Make the trigger, active' : 'Make the trigger, inactive'}</button>
        <Link href={(stored ? `/triggers/${stored.id}` : '/triggers') + window.location.search} className="button">Cancel</Link>
        {save.isError && save.error.errors.length > 0 && <span className="bad" role="status">Not saved: what is wrong stands at its field.</span>}
      </div>
      {leaving && <div className={css.leaving}><Note tone="warn">What you wrote is not saved. Escape once more leaves it.</Note></div>}
    </form>
  );
}
