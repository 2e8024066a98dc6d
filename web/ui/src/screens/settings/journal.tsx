// How much the journal holds, how long it keeps it, and what to write to keep it longer.
import { useId, useState } from 'react';
import { useRead } from '../../api/queries';
import type { Health } from '../../api/types';
import { CodeBlock } from '../../parts/copy';
import { Facts } from '../../parts/pane';
import { Status } from '../../parts/status';
import { bytesText, countText } from '../../parts/time';
import { isSize, isSpan, sizeText, spanText } from './retention';
import css from './settings.module.css';

export function Journal() {
  const health = useRead<Health>(['health'], '/health', {}, { every: 5_000 }).data;
  if (!health) return null;
  const { journal, store } = health;
  const used = journal.budget_bytes > 0 ? Math.min(100, (journal.bytes / journal.budget_bytes) * 100) : 0;
  return (
    <>
      <section className="card stack">
        <div className="row"><h2 className="grow">Journal</h2><Status of="source" state={journal.status} /></div>
        {journal.reason && <p className="bad">{journal.reason}</p>}
        <div className={css.meter} role="meter" aria-label="Journal space used" aria-valuenow={Math.round(used)} aria-valuemin={0} aria-valuemax={100}><span style={{ width: `${used}%` }} /></div>
        <Facts
          facts={[
            ['Used', `${bytesText(journal.bytes)} of ${bytesText(journal.budget_bytes)}`],
            ['Events kept', journal.last_seq >= journal.first_seq && journal.last_seq > 0 ? countText(journal.last_seq - journal.first_seq + 1) : '0'],
            ['Oldest seq', journal.first_seq],
            ['Newest seq', journal.last_seq],
            ['Store', <Status key="store" of="source" state={store.status} />],
            ['Version', health.version],
          ]}
        />
      </section>
      <Retention age={spanText(journal.max_age_seconds)} size={sizeText(journal.budget_bytes)} />
    </>
  );
}

function Retention({ age, size }: { age: string; size: string }) {
  const [wantedAge, setAge] = useState(age);
  const [wantedSize, setSize] = useState(size);
  const [ageId, sizeId] = [useId(), useId()];
  const wrong = { age: !isSpan(wantedAge), size: !isSize(wantedSize) };
  const lines = `"journal": { "retention": { "max_age": "${wantedAge}", "max_bytes": "${wantedSize}" } }`;
  return (
    <section className="card stack">
      <h2>Retention</h2>
      <Facts facts={[['Events are kept for', age], ['in at most', size]]} />
      <p className="muted">These are in force, from <code>journal.retention</code> of the configuration file, or its defaults (7d, 10GiB) where it says nothing. Executions stay as long as events; dead letters until somebody decides. What has not been executed is never dropped: when it fills the space, capture waits.</p>
      <div className={css.pair}>
        <div className="field">
          <label htmlFor={ageId}>Keep events for</label>
          <input id={ageId} value={wantedAge} aria-invalid={wrong.age} onChange={(change) => { setAge(change.target.value.trim()); }} />
          {wrong.age && <span className="problem">A whole number and a unit: 12h, 30d</span>}
        </div>
        <div className="field">
          <label htmlFor={sizeId}>In at most</label>
          <input id={sizeId} value={wantedSize} aria-invalid={wrong.size} onChange={(change) => { setSize(change.target.value.trim()); }} />
          {wrong.size && <span className="problem">A whole number and a unit: 500MiB, 20GiB</span>}
        </div>
      </div>
      {!wrong.age && !wrong.size && (
        <>
          <p>Write this into the configuration file, then start Rowhook anew:</p>
          <CodeBlock what="the configuration" text={lines} />
        </>
      )}
    </section>
  );
}
