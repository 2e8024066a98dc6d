// The editor and beside it the run: write, see what is wrong, run against a recorded change, save.
import { useCallback, useState, type ReactNode } from 'react';
import { useSearchParams } from 'wouter';
import { api, path, type Problem, type Reply } from '../../api/client';
import { useAction, useList, useMay, useRead } from '../../api/queries';
import type { RowEvent, Script, ScriptLibrary, ScriptRun } from '../../api/types';
import { CodeEditor } from '../../code/code-editor';
import { offersFor, type Completer } from '../../code/completions';
import { useFindings, type Finding, type Kind } from '../../code/use-checks';
import { Icon } from '../../parts/icon';
import { Note, ProblemBox } from '../../parts/notice';
import { useShortcut } from '../../parts/shortcuts';
import { useStored } from '../../parts/stored';
import { Conflict } from './conflict';
import { CostPart } from './cost';
import { EventPicker, RunResult } from './run-panel';
import { ScriptBacktest } from './script-backtest';
import css from './scripts.module.css';
import { useLastEvent } from './users';
import { Versions } from './versions';

/** The stored text that the one in the editor was made from. */
export interface Base {
  source: string;
  revision: number;
  etag: string | undefined;
}

interface Props {
  name: string;
  onName?: (name: string) => void; // it is a new one, and the name is asked for
  start: { text: string; base: Base | undefined };
  about?: ReactNode;
  onDraft?: (text: string, base: Base | undefined) => void;
  onSaved: (saved: Script) => void;
  onDeleted: () => void;
}

/** The event in the address, else the last one that ran the script, else the newest change of a row that is recorded. */
function useEvent(name: string): { events: RowEvent[]; event: RowEvent | undefined; pick: (id: string) => void } {
  const [params, setParams] = useSearchParams();
  const last = useLastEvent(name);
  const [first, setFirst] = useState<string | undefined>(); // the one it began with: it stays while others arrive
  const events = useList<RowEvent>(['events', 'for-scripts'], '/events', {}, { limit: 30 }).items;
  const begin = first ?? (last.known ? (last.id ?? (events.find((each) => each.event_type === 'record_updated') ?? events[0])?.event_id) : undefined);
  if (first === undefined && begin !== undefined) setFirst(begin);
  const wanted = params.get('event') ?? begin ?? '';
  const event = useRead<RowEvent>(['events', wanted], path`/events/${wanted}`, {}, { when: wanted !== '' }).data;
  const pick = (id: string) => { setParams((before) => { const next = new URLSearchParams(before); next.set('event', id); return next; }, { replace: true }); };
  return { events, event, pick };
}

export function Workbench({ name, onName, start, about, onDraft, onSaved, onDeleted }: Props) {
  const mayWrite = useMay('author');
  const [text, setText] = useState(start.text);
  const [base, setBase] = useState(start.base);
  const [kind, setKind] = useStored<Kind>(`script-kind.${name}`, 'transform');
  const [goTo, setGoTo] = useState<{ line: number; column: number } | undefined>();
  const { events, event, pick } = useEvent(name);
  const findings = useFindings({ name, text, kind, ...(event?.table ? { source: event.source, table: event.table } : {}) }, mayWrite);
  const library = useRead<ScriptLibrary>(['library', event?.source ?? ''], '/scripts/library', { source: event?.source }).data;
  const table = event?.table ?? undefined;
  const complete: Completer = useCallback((written) => offersFor('lua', written, library, table === undefined ? [] : [table]), [library, table]);

  const write = (next: string) => {
    setText(next);
    onDraft?.(next, base);
  };
  const run = useAction(async (on: RowEvent) => ({ kind, on, answer: await api.post<ScriptRun>('/scripts/run', { source: text, kind, event_id: on.event_id, ...(name === '' ? {} : { name }) }) }));
  const save = useAction<undefined, Reply<Script>>(() => api.put<Script>(path`/scripts/${name}`, { source: text }, base?.etag), 'scripts', 'versions');
  const keep = () => {
    save.mutate(undefined, { onSuccess: ({ body, etag }) => {
      const now = { source: body.source, revision: body.revision, etag };
      setBase(now);
      onDraft?.(text, now);
      onSaved(body);
    } });
  };
  const taken = ({ body, etag }: Reply<Script>) => {
    const now = { source: body.source, revision: body.revision, etag };
    setBase(now);
    setText(body.source);
    onDraft?.(body.source, now);
  };
  const dirty = text !== base?.source;
  const canSave = mayWrite && dirty && name !== '' && !save.isPending;
  useShortcut('ctrl+s', 'Save the script', 'Scripts', () => { if (canSave) keep(); }, mayWrite);
  useShortcut('ctrl+enter', 'Run the script', 'Scripts', () => { if (event) run.mutate(event); }, mayWrite);
  const state = base === undefined ? 'not saved yet' : dirty ? `changed since revision ${base.revision}` : `revision ${base.revision}`;
  return (
    <div className={css.page}>
      <div className={css.left}>
        <div className={css.bar}>
          {onName && <input aria-label="Name of the script" className="mono" placeholder="name, e.g. order_paid" value={name} spellCheck={false} onChange={(change) => { onName(change.target.value.trim()); }} />}
          <select aria-label="Kind" value={kind} onChange={(change) => { setKind(change.target.value as Kind); }}>
            <option value="transform">as a transform</option>
            <option value="filter">as a filter</option>
          </select>
          {mayWrite ? <button type="button" className="primary" disabled={!canSave} onClick={keep} title="Ctrl-S">Save</button> : <span className="muted">Changing it needs the role author.</span>}
          <span className="muted" role="status">{state}</span>
          <span className="grow" />
          {mayWrite && base && <DeleteButton name={name} etag={base.etag} onDeleted={onDeleted} />}
        </div>
        <CodeEditor label={onName ? 'Source of the script' : `Source of ${name}`} value={text} onChange={write} readOnly={!mayWrite} findings={findings} complete={complete} goTo={goTo} />
        <div className={css.below}>
          {save.error && <SaveError error={save.error} name={name} mine={text} base={base} onBase={(next) => { setBase(next); onDraft?.(text, next); save.reset(); }} onTheirs={(next) => { setBase(next); setText(next.source); onDraft?.(next.source, next); save.reset(); }} />}
          <Findings findings={findings} checked={mayWrite} onGo={setGoTo} />
        </div>
      </div>
      <div className={css.right} tabIndex={0} role="group" aria-label="Run">
        <h2 className="sr-only">Run</h2>
        <EventPicker events={events} event={event} onPick={pick} />
        {event ? (
          <div className="row"><button type="button" disabled={!mayWrite || run.isPending} onClick={() => { run.mutate(event); }} title="Ctrl-Enter"><Icon name="play" size={14} />Run</button><span className="muted">As it stands here, saved or not. Nothing is stored or sent.</span></div>
        ) : <p className="muted">As soon as the journal has an event, the script can be run against it.</p>}
        {run.error && <ProblemBox error={run.error} />}
        {run.data && <RunResult run={run.data.answer} kind={run.data.kind} event={run.data.on} onGo={(line, column) => { setGoTo({ line, column }); }} />}
        {base && mayWrite && <ScriptBacktest name={name} text={text} />}
        {base && <Versions name={name} stored={base} dirty={dirty} onTake={write} onRestored={taken} />}
        {base && <CostPart name={name} />}
        {about}
      </div>
    </div>
  );
}

function Findings({ findings, checked, onGo }: { findings: Finding[]; checked: boolean; onGo: (place: { line: number; column: number }) => void }) {
  if (findings.length === 0) return checked ? <p className="muted">No error found. Escape, then Tab leaves the editor.</p> : null;
  return (
    <ul className={css.findings} aria-label="Findings">
      {findings.map((each) => (
        <li key={`${each.line}:${each.column}:${each.message}`}>
          <button type="button" onClick={() => { onGo({ line: each.line, column: each.column }); }}>
            <span className={css[each.severity]}><Icon name={each.severity === 'error' ? 'cross' : 'warn'} size={14} /></span>
            <span><span className="sr-only">{each.severity}: </span><span className="muted">{each.line}:{each.column}</span> {each.message}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function SaveError({ error, name, mine, base, onBase, onTheirs }: { error: Problem; name: string; mine: string; base: Base | undefined; onBase: (base: Base) => void; onTheirs: (base: Base) => void }) {
  // Saved without a revision where there is one, or with one that is no longer the newest.
  if (error.status === 412 || error.status === 428) return <Conflict name={name} mine={mine} revision={base?.revision} onKeep={onBase} onTheirs={onTheirs} />;
  return <ProblemBox error={error} />;
}

function DeleteButton({ name, etag, onDeleted }: { name: string; etag: string | undefined; onDeleted: () => void }) {
  const [sure, setSure] = useState(false);
  const remove = useAction(async () => {
    await api.remove(path`/scripts/${name}`, etag);
    onDeleted(); // before the lists are renewed: this one would be asked for again
  }, 'scripts', 'versions');
  return (
    <>
      {sure ? (
        <span className="row">
          <strong>What names it will fail.</strong>
          <button type="button" className="danger" disabled={remove.isPending} onClick={() => { remove.mutate(undefined); }}>Delete the script</button>
          <button type="button" onClick={() => { setSure(false); }}>Keep it</button>
        </span>
      ) : <button type="button" className="danger plain" onClick={() => { setSure(true); }}>Delete…</button>}
      {remove.error && <Note tone="bad">{remove.error.detail}</Note>}
    </>
  );
}
