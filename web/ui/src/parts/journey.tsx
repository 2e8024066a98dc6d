// The way of an event: row changed, journaled, triggers with their verdicts, nodes, effect. Each stop opens its detail.
import { useId, useState, type ReactNode } from 'react';
import { Status } from './status';
import css from './journey.module.css';

export interface Stop {
  key: string;
  title: string; // "Journaled", the trigger's name, the node's name
  state?: string; // a state that <Status> knows
  word?: string; // instead of the state's own word
  note?: ReactNode; // one short line: "seq 4711", "12 ms"
  detail?: ReactNode; // shown below the strip when the stop is chosen
}

/** `first`: the stop that is open at first. */
export function Journey({ stops, first }: { stops: Stop[]; first?: string | undefined }) {
  const [chosen, setChosen] = useState<string | undefined>(first);
  const id = useId();
  const open = stops.find((stop) => stop.key === chosen && stop.detail !== undefined);
  return (
    <div className={css.journey}>
      <ol className={css.strip} aria-label="The journey of the event">
        {stops.map((stop) => (
          <li key={stop.key} className={css.stop}>
            <button
              type="button" disabled={stop.detail === undefined} className={css.button}
              aria-expanded={stop.detail === undefined ? undefined : stop.key === open?.key} aria-controls={stop.key === open?.key ? id : undefined}
              onClick={() => { setChosen(stop.key === open?.key ? undefined : stop.key); }}
            >
              <span className={css.title}>{stop.title}</span>
              {stop.state && <Status state={stop.state} {...(stop.word ? { word: stop.word } : {})} />}
              {stop.note && <span className={css.note}>{stop.note}</span>}
            </button>
          </li>
        ))}
      </ol>
      {open && <div id={id} className={css.detail} role="region" aria-label={open.title}>{open.detail}</div>}
    </div>
  );
}
