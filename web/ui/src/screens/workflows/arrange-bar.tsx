// Lines up and spreads the chosen nodes; the same by keys.
import { Icon, type IconName } from '../../parts/icon';
import { useShortcut } from '../../parts/shortcuts';
import { align, distribute, type Direction, type Side } from './arrange';
import type { Editing } from './editing';
import css from './workflows.module.css';

const sides: [Side, string, IconName, string][] = [
  ['left', 'l l', 'alignLeft', 'Align left'], ['centre', 'l c', 'alignCentre', 'Align centres'], ['right', 'l r', 'alignRight', 'Align right'],
  ['top', 'l t', 'alignTop', 'Align top'], ['middle', 'l m', 'alignMiddle', 'Align middles'], ['bottom', 'l b', 'alignBottom', 'Align bottom'],
];
const directions: [Direction, string, IconName, string][] = [['across', 'l h', 'spreadAcross', 'Spread across'], ['down', 'l v', 'spreadDown', 'Spread down']];

interface ActProps {
  keys: string;
  icon: IconName;
  label: string;
  possible: boolean;
  run: () => void;
}

function Act({ keys, icon, label, possible, run }: ActProps) {
  useShortcut(keys, label, 'Workflow', run, possible);
  return <button type="button" className="plain icon" aria-label={label} title={`${label} (${keys})`} disabled={!possible} onClick={run}><Icon name={icon} /></button>;
}

/** To be shown while two or more nodes are chosen. */
export function ArrangeBar({ editing }: { editing: Editing }) {
  const { edit, selection } = editing;
  return (
    <div className={css.arrange} role="toolbar" aria-label="Arrange">
      <span className="muted">{selection.size} nodes</span>
      {sides.map(([side, keys, icon, label]) => <Act key={side} keys={keys} icon={icon} label={label} possible run={() => { edit((draft) => align(draft, selection, side)); }} />)}
      {directions.map(([direction, keys, icon, label]) => <Act key={direction} keys={keys} icon={icon} label={label} possible={selection.size > 2} run={() => { edit((draft) => distribute(draft, selection, direction)); }} />)}
    </div>
  );
}
