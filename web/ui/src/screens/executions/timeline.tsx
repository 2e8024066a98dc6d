// How long each node took, as bars behind each other.
import type { Step } from '../../api/types';
import { Status, toneOf } from '../../parts/status';
import { durationText } from '../../parts/time';
import css from './executions.module.css';

interface Props {
  steps: Step[];
  nameOf: (nodeId: string) => string;
  total: number | null;
}

export function Timeline({ steps, nameOf, total }: Props) {
  const whole = Math.max(total ?? 0, steps.reduce((sum, step) => sum + (step.execution_time_ms ?? 0), 0), 0.001);
  let begin = 0;
  return (
    <ol className={css.timeline}>
      {steps.map((step, index) => {
        const time = step.execution_time_ms ?? 0;
        const left = (begin / whole) * 100;
        begin += time;
        return (
          <li key={index}>
            <span className="truncate">{nameOf(step.node_id)} <span className="muted">{step.node_type}</span></span>
            <Status state={step.status} />
            <span className={css.track} aria-hidden="true"><span className={`${css.bar ?? ''} ${css[toneOf(step.status)] ?? ''}`} style={{ left: `${left}%`, width: `max(3px, ${(time / whole) * 100}%)` }} /></span>
            <span className="number muted">{durationText(step.execution_time_ms)}</span>
          </li>
        );
      })}
    </ol>
  );
}
