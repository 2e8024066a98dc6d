// What a trigger would do with recorded events: a verdict for each of the last ones, and the way of the chosen one.
import { useState } from 'react';
import { Link } from 'wouter';
import { api, path, Problem } from '../../api/client';
import { useList, useMay } from '../../api/queries';
import type { RowEvent, Trigger, TriggerTest } from '../../api/types';
import { summaryOf } from '../../parts/diff';
import { Icon } from '../../parts/icon';
import { Journey } from '../../parts/journey';
import { effectStop, eventStops, stepStops, verdictStops } from '../../parts/journey-stops';
import { Note, ProblemBox } from '../../parts/notice';
import { Part } from '../../parts/pane';
import { useShortcut } from '../../parts/shortcuts';
import { Status } from '../../parts/status';
import { RelativeTime } from '../../parts/time';
import { JsonBlock } from '../../parts/value';
import css from './triggers.module.css';

const most = 20;

/** "12 matched, 8 filtered". */
function tally(tests: TriggerTest[]): string {
  const counts = new Map<string, number>();
  for (const each of tests) counts.set(each.verdict, (counts.get(each.verdict) ?? 0) + 1);
  return [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', ');
}

export function TestPart({ trigger }: { trigger: Trigger }) {
  const mayOperate = useMay('operator');
  const events = useList<RowEvent>(['events', 'for-test', trigger.source, trigger.event_type], '/events', { source: trigger.source, event_type: trigger.event_type }, { limit: most });
  const [tests, setTests] = useState<{ event: RowEvent; test: TriggerTest }[]>([]);
  const [chosen, setChosen] = useState<string | undefined>();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | undefined>();
  const run = async () => {
    setBusy(true);
    setProblem(undefined);
    setTests([]);
    setChosen(undefined);
    try {
      for (const event of events.items.slice(0, most)) {
        const test = await api.post<TriggerTest>(path`/triggers/${trigger.id}/test`, { event_id: event.event_id });
        setTests((before) => [...before, { event, test }]);
      }
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, 'The test ended early', String(error)));
    }
    setBusy(false);
  };
  const ready = mayOperate && !busy && events.items.length > 0;
  useShortcut('t', 'Test against the last events', 'Triggers', () => { void run(); }, ready);
  const shown = tests.find(({ event }) => event.event_id === chosen);
  const count = Math.min(most, events.items.length);
  return (
    <Part title="Test" tools={mayOperate && count > 0 && <button type="button" disabled={!ready} onClick={() => { void run(); }}><Icon name="play" size={14} />{count === 1 ? 'Test the last event' : `Test the last ${count} events`}</button>}>
      {!mayOperate && <p className="muted">Testing needs the role operator.</p>}
      {mayOperate && events.complete && count === 0 && <p className="muted">The journal has no {trigger.event_type} of {trigger.source} yet. Change a row, or post an event: it can be tested then.</p>}
      {mayOperate && count > 0 && tests.length === 0 && !busy && <p className="muted">What it would do with each of the last events, whether it is active or not. Nothing is sent and nothing is stored.</p>}
      {problem && <ProblemBox error={problem} />}
      {tests.length > 0 && <p role="status">{tally(tests.map(({ test }) => test))}{busy && ` of ${tests.length} so far`}</p>}
      <ul className={css.tests} aria-label="Verdicts">
        {tests.map(({ event, test }) => (
          <li key={event.event_id}>
            <button type="button" aria-expanded={event.event_id === chosen} onClick={() => { setChosen(event.event_id === chosen ? undefined : event.event_id); }}>
              <Status state={test.verdict} /><span className="truncate">{event.table} {test.predicate && test.verdict !== 'matched' ? <span className="muted mono">{test.predicate}</span> : summaryOf(event)}</span><RelativeTime at={event.timestamp} />
            </button>
            {shown && event.event_id === chosen && <OneTest event={shown.event} test={shown.test} trigger={trigger} />}
          </li>
        ))}
      </ul>
    </Part>
  );
}

function OneTest({ event, test, trigger }: { event: RowEvent; test: TriggerTest; trigger: Trigger }) {
  const verdict = { ...test, trigger_id: trigger.id, trigger_name: trigger.name };
  const stops = [...eventStops(event), ...verdictStops([verdict]), ...stepStops(test.execution?.steps ?? []), ...(test.execution ? [effectStop(test.execution)] : [])];
  return (
    <div className="stack">
      <Journey stops={stops} first={`trigger-${trigger.id}`} />
      {test.execution?.error_message && <Note tone="bad">{test.execution.error_message}</Note>}
      {test.item !== null && <><h3>What its workflow starts with</h3><JsonBlock value={test.item} what="the item" lines={12} /></>}
      <div><Link href={`/events/${encodeURIComponent(event.event_id)}`} className="button">Open the event</Link></div>
    </div>
  );
}
