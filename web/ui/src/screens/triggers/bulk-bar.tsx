// Switch several triggers at once; each button says how many it will change.
import { useMay } from '../../api/queries';
import type { Trigger } from '../../api/types';
import { Note, ProblemBox } from '../../parts/notice';
import { counted } from '../../parts/time';
import { useSwitch } from './switching';
import css from './triggers.module.css';

export function BulkBar({ picked, onDone }: { picked: Trigger[]; onDone: () => void }) {
  const mayOperate = useMay('operator');
  const act = useSwitch();
  const off = picked.filter((each) => !each.is_active).length;
  const on = picked.length - off;
  const failed = act.data?.failed ?? [];
  return (
    <div className={css.bulk} role="region" aria-label="Picked triggers">
      <span>{counted(picked.length, 'trigger')} picked</span>
      {mayOperate ? (
        <span className="row">
          <button type="button" disabled={off === 0 || act.isPending} onClick={() => { act.mutate({ triggers: picked, active: true }); }}>Enable {counted(off, 'trigger')}</button>
          <button type="button" disabled={on === 0 || act.isPending} onClick={() => { act.mutate({ triggers: picked, active: false }); }}>Disable {counted(on, 'trigger')}</button>
        </span>
      ) : <span className="muted">Switching needs the role operator.</span>}
      <span className="grow" />
      <button type="button" className="plain" onClick={onDone}>Pick none</button>
      {failed.length > 0 && <Note tone="warn">{counted(act.data?.done ?? 0, 'trigger')} switched, {failed.length} not: {failed[0]?.trigger.name}: {failed[0]?.problem.detail}</Note>}
      {act.error && <ProblemBox error={act.error} />}
    </div>
  );
}
