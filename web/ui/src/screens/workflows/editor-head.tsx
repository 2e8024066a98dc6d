import { Link } from 'wouter';
import type { Present } from '../../live/live';
import { Icon } from '../../parts/icon';
import { Switch } from '../../parts/switch';
import type { Draft } from './model';
import css from './workflows.module.css';

export type PanelName = 'outline' | 'node' | 'settings' | 'run' | 'changes';

interface Props {
  id: string;
  draft: Draft;
  dirty: boolean;
  mayWrite: boolean;
  panel: PanelName;
  onOpen: (panel: PanelName) => void;
  others: Present[];
  theirs: boolean; // somebody saved while this was edited
  canUndo: boolean;
  canRedo: boolean;
  onUndo: () => void;
  onRedo: () => void;
  onTidy: () => void;
  onFit: (() => void) | undefined;
  onActive: (on: boolean) => void;
  chosen: boolean; // one node is chosen
}

export function EditorHead(props: Props) {
  const { draft, mayWrite, panel, onOpen } = props;
  const panels: [PanelName, string][] = [['outline', 'Outline'], ['node', 'Node'], ['settings', 'Settings'], ['run', 'Run']];
  return (
    <div className={css.head}>
      <div className={css.headLine}>
        <nav aria-label="Breadcrumb" className={css.crumbs}><Link href="/workflows">Workflows</Link><span aria-hidden="true">/</span></nav>
        <h1 className="truncate">{draft.name || props.id}</h1>
        {mayWrite
          ? <span className="row"><Switch on={draft.is_active} label="The workflow is active" onChange={props.onActive} /><span className="muted">{draft.is_active ? 'Active' : 'Inactive'}</span></span>
          : <span className="muted">{draft.is_active ? 'Active' : 'Inactive'}</span>}
        {props.others.length > 0 && <span className={css.others} role="status"><Icon name="person" size={14} />{props.others.map((each) => each.name).join(', ')} {props.others.length === 1 ? 'is' : 'are'} here</span>}
        {props.theirs && <button type="button" className="danger" onClick={() => { onOpen('changes'); }}><Icon name="warn" size={14} />Somebody saved: compare</button>}
      </div>
      <div className={css.tools} role="toolbar" aria-label="Editing">
        {mayWrite && (
          <>
            <button type="button" className="plain" disabled={!props.canUndo} onClick={props.onUndo} title="Undo (Ctrl Z)">Undo</button>
            <button type="button" className="plain" disabled={!props.canRedo} onClick={props.onRedo} title="Redo (Ctrl Y)">Redo</button>
            {props.onFit && <button type="button" className="plain" onClick={props.onTidy} title="Lay all nodes out anew">Tidy</button>}
          </>
        )}
        {props.onFit && <button type="button" className="plain" onClick={props.onFit} title="Show everything (f)">Fit</button>}
      </div>
      <div className={css.panels} role="group" aria-label="Panels">
        {panels.map(([name, label]) => (
          <button key={name} type="button" aria-pressed={panel === name} disabled={name === 'node' && !props.chosen} onClick={() => { onOpen(name); }}>{label}</button>
        ))}
        {mayWrite && (
          <button type="button" className={props.dirty ? 'primary' : undefined} aria-pressed={panel === 'changes'} onClick={() => { onOpen('changes'); }} title="See what changed, and save (Ctrl S)">
            {props.dirty ? 'Save…' : 'Saved'}
          </button>
        )}
      </div>
    </div>
  );
}
