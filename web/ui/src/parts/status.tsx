// A state as a mark and a word: the colour never speaks alone.
import { Icon, type IconName } from './icon';
import css from './status.module.css';

export type Tone = 'good' | 'warn' | 'bad' | 'idle' | 'busy';

interface Look {
  tone: Tone;
  icon: IconName;
  word: string;
}

const looks: Record<string, Look> = {
  running: { tone: 'good', icon: 'check', word: 'Running' },
  degraded: { tone: 'warn', icon: 'warn', word: 'Degraded' },
  gap: { tone: 'bad', icon: 'warn', word: 'Gap' },
  failed: { tone: 'bad', icon: 'cross', word: 'Failed' },
  paused: { tone: 'idle', icon: 'pause', word: 'Paused' },
  ok: { tone: 'good', icon: 'check', word: 'OK' },
  pending: { tone: 'idle', icon: 'clock', word: 'Pending' },
  retrying: { tone: 'warn', icon: 'retry', word: 'Retrying' },
  completed: { tone: 'good', icon: 'check', word: 'Completed' },
  dead_letter: { tone: 'bad', icon: 'cross', word: 'Dead letter' },
  cancelled: { tone: 'idle', icon: 'minus', word: 'Cancelled' },
  discarded: { tone: 'idle', icon: 'trash', word: 'Discarded' },
  matched: { tone: 'good', icon: 'check', word: 'Matched' },
  filtered: { tone: 'idle', icon: 'filter', word: 'Filtered' },
  inactive: { tone: 'idle', icon: 'pause', word: 'Inactive' },
  error: { tone: 'bad', icon: 'cross', word: 'Error' },
  throttled: { tone: 'warn', icon: 'clock', word: 'Throttled' },
  loop: { tone: 'bad', icon: 'retry', word: 'Loop' },
  no_node: { tone: 'bad', icon: 'warn', word: 'No node' },
  active: { tone: 'good', icon: 'check', word: 'Active' },
  fires: { tone: 'good', icon: 'check', word: 'Fires' },
  fails: { tone: 'bad', icon: 'cross', word: 'Fails' },
  passed_over: { tone: 'idle', icon: 'filter', word: 'Passed over' },
  skipped: { tone: 'idle', icon: 'minus', word: 'Skipped' },
};
// An execution that runs is busy, not "good": nothing is known yet.
const executionRunning: Look = { tone: 'busy', icon: 'play', word: 'Running' };

function lookOf(state: string, of: 'source' | 'execution'): Look {
  if (of === 'execution' && state === 'running') return executionRunning;
  return looks[state] ?? { tone: 'idle', icon: 'circle', word: state.replace(/_/g, ' ') };
}

export function toneOf(state: string, of: 'source' | 'execution' = 'execution'): Tone {
  return lookOf(state, of).tone;
}

interface Props {
  state: string;
  of?: 'source' | 'execution';
  word?: string; // another word beside the mark
}

export function Status({ state, of = 'execution', word }: Props) {
  const look = lookOf(state, of);
  return (
    <span className={`${css.status} ${css[look.tone] ?? ''}`}>
      <Icon name={look.icon} size={14} />
      <span>{word ?? look.word}</span>
    </span>
  );
}
