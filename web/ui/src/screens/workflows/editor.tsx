// One workflow: the canvas, the outline beside it, and what is chosen.
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { path } from '../../api/client';
import { useDocument, useMay, useRead } from '../../api/queries';
import type { Execution, NodeType, Page, Workflow } from '../../api/types';
import { useOthers } from '../../live/live';
import { link } from '../../live/socket';
import { useNarrow } from '../../parts/narrow';
import { ProblemBox } from '../../parts/notice';
import { useShortcut } from '../../parts/shortcuts';
import { ArrangeBar } from './arrange-bar';
import { useClipboard } from './clipboard';
import { useCounts } from './counts';
import { EditorHead, type PanelName } from './editor-head';
import { useHistory } from './history';
import { drawn, tidy } from './layout';
import { canonical, removeNodes, disconnect, type Draft } from './model';
import { NodePanel } from './node-panel';
import { Outline } from './outline';
import { useFaults } from './problems';
import { RunPanel } from './run-panel';
import { SavePanel } from './save-panel';
import { SettingsPanel } from './settings-panel';
import type { Editing } from './editing';
import css from './workflows.module.css';

const Canvas = lazy(() => import('./canvas'));

interface Base {
  draft: Draft;
  etag: string | undefined;
}

// What was not saved yet when another screen was opened: it is there again on coming back, until the page is reloaded.
const unsaved = new Map<string, { base: Base; draft: Draft }>();

export default function Editor({ id }: { id: string }) {
  const found = useDocument<Workflow>(['workflows', id], path`/workflows/${id}`);
  const types = useRead<Page<NodeType>>(['node-types'], '/node-types', { limit: 1000 });
  const [base, setBase] = useState<Base | undefined>(() => unsaved.get(id)?.base);
  const stored = found.data;
  useEffect(() => {
    if (stored) setBase((known) => known ?? { draft: drawn(stored.body), etag: stored.etag });
  }, [stored]);
  useEffect(() => { document.title = `${stored?.body.name ?? id} – Workflows – Rowhook`; }, [stored, id]);
  if (!base || !types.data)
    return (
      <div className="screen">
        <div className="screen-head"><Link href="/workflows">Workflows</Link><h1>{id}</h1></div>
        {(found.error ?? types.error) && <div className="screen-body"><ProblemBox error={found.error ?? types.error} onRetry={() => void found.refetch()} /></div>}
      </div>
    );
  return <Bench id={id} base={base} onBase={setBase} types={types.data.items} />;
}

interface BenchProps {
  id: string;
  base: Base;
  onBase: (base: Base) => void;
  types: NodeType[];
}

/** The node that is chosen and the panel that is open stand in the address. */
function usePlace(): { panel: PanelName; selection: ReadonlySet<string>; select: (ids: string[], panel?: PanelName) => void; open: (panel: PanelName) => void } {
  const [params, setParams] = useSearchParams();
  const chosen = params.get('node') ?? '';
  const selection = useMemo(() => new Set(chosen === '' ? [] : chosen.split(',')), [chosen]);
  const panel = (params.get('panel') ?? (selection.size === 1 ? 'node' : 'outline')) as PanelName;
  const change = useCallback((name: PanelName | undefined, ids: string[] | undefined) => {
    setParams((before) => {
      const next = new URLSearchParams(before);
      if (ids) next.delete('panel');
      if (name) next.set('panel', name);
      if (ids && ids.length > 0) next.set('node', ids.join(','));
      else if (ids) next.delete('node');
      return next;
    }, { replace: true });
  }, [setParams]);
  return {
    panel, selection,
    select: useCallback((ids: string[], name?: PanelName) => { change(name, ids); }, [change]),
    open: useCallback((name: PanelName) => { change(name, undefined); }, [change]),
  };
}

function Bench({ id, base, onBase, types }: BenchProps) {
  const narrow = useNarrow();
  const mayWrite = useMay('author');
  const [location] = useLocation();
  const { draft, edit, undo, redo, begin, canUndo, canRedo } = useHistory(unsaved.get(id)?.draft ?? base.draft);
  const { panel, selection, select, open } = usePlace();
  const [run, setRun] = useState<Execution | undefined>();
  const [fit, setFit] = useState(0); // counts up: the canvas shows everything
  const dirty = useMemo(() => canonical(draft) !== canonical(base.draft), [draft, base.draft]);
  const faults = useFaults(id, draft, dirty && mayWrite);
  const counts = useCounts(id, draft.connections);
  const others = useOthers(location.slice(1));
  const latest = useRead<Workflow & { revision: number }>(['workflows', id, 'latest'], path`/workflows/${id}`, {}, { every: 3_000 });
  const theirs = latest.data && base.etag !== undefined && `"${latest.data.revision}"` !== base.etag ? latest.data : undefined;
  useEffect(() => {
    // Nothing was changed here: what somebody else saved is simply shown.
    if (!theirs || dirty) return;
    const draftNow = drawn(theirs);
    onBase({ draft: draftNow, etag: `"${theirs.revision}"` });
    begin(draftNow);
  }, [theirs, dirty, onBase, begin]);
  const chosen = [...selection].join(',');
  useEffect(() => { link.present(location.slice(1), { node: chosen }); }, [location, chosen]);
  useEffect(() => {
    if (dirty) unsaved.set(id, { base, draft });
    else unsaved.delete(id);
  }, [id, dirty, base, draft]);
  useEffect(() => {
    if (!dirty) return;
    const ask = (event: BeforeUnloadEvent) => { event.preventDefault(); };
    window.addEventListener('beforeunload', ask);
    return () => { window.removeEventListener('beforeunload', ask); };
  }, [dirty]);

  const remove = useCallback(() => {
    edit((before) => removeNodes(before, selection));
    select([]);
  }, [edit, select, selection]);
  const toggle = useCallback((id: string) => {
    const next = new Set(selection);
    if (!next.delete(id)) next.add(id);
    select([...next], 'outline');
  }, [selection, select]);
  const editing: Editing = { id, draft, types, mayWrite, edit, selection, select, toggle, faults, counts, run, others, remove, disconnect: (keys) => { edit((before) => disconnect(before, keys)); } };
  useShortcut('ctrl+s', 'See what changed, and save', 'Workflow', () => { open('changes'); }, mayWrite);
  useShortcut('ctrl+z', 'Undo', 'Workflow', undo, mayWrite);
  useShortcut('ctrl+y', 'Redo', 'Workflow', redo, mayWrite);
  useShortcut('delete', 'Remove the chosen nodes', 'Workflow', remove, mayWrite && selection.size > 0);
  useShortcut('l a', 'Choose all nodes', 'Workflow', () => { select(draft.nodes.map((node) => node.node_id), 'outline'); });
  useShortcut('escape', 'Choose nothing', 'Workflow', () => { select([]); }, selection.size > 0);
  useShortcut('f', 'Show everything', 'Workflow', () => { setFit((before) => before + 1); }, !narrow);
  useClipboard(draft, selection, mayWrite, edit, select);
  const doTidy = () => {
    edit(tidy);
    setFit((before) => before + 1);
  };
  return (
    <div className={css.editor}>
      <EditorHead
        id={id} draft={draft} dirty={dirty} mayWrite={mayWrite} panel={panel} onOpen={open} others={others} theirs={theirs !== undefined && dirty}
        canUndo={canUndo} canRedo={canRedo} onUndo={undo} onRedo={redo} onTidy={doTidy} onFit={narrow ? undefined : () => { setFit((before) => before + 1); }}
        onActive={(on) => { edit((before) => ({ ...before, is_active: on })); }} chosen={selection.size === 1}
      />
      <div className={css.bench}>
        {!narrow && (
          <div className={css.stage}>
            <Suspense fallback={<div className={css.canvas} aria-busy="true" />}><Canvas editing={editing} fit={fit} /></Suspense>
            {mayWrite && selection.size > 1 && <ArrangeBar editing={editing} />}
          </div>
        )}
        <div className={css.side}>
          {panel === 'outline' && <Outline editing={editing} />}
          {panel === 'node' && <NodePanel key={chosen} editing={editing} />}
          {panel === 'settings' && <SettingsPanel id={id} etag={base.etag} editing={editing} />}
          {panel === 'run' && <RunPanel editing={editing} dirty={dirty} onRun={setRun} />}
          {panel === 'changes' && <SavePanel id={id} base={base} theirs={theirs} dirty={dirty} editing={editing} onBase={onBase} begin={begin} />}
        </div>
      </div>
    </div>
  );
}
