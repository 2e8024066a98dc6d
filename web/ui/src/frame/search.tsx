// Everything by name or id, from anywhere.
import { useId, useState } from 'react';
import { useLocation } from 'wouter';
import { path } from '../api/client';
import { useList, useRead } from '../api/queries';
import type { Execution, RowEvent, Script, Source, Trigger, Workflow } from '../api/types';
import { Icon, type IconName } from '../parts/icon';
import css from './frame.module.css';
import { Overlay } from './overlay';
import { places } from './places';

interface Found {
  to: string;
  icon: IconName;
  name: string;
  what: string;
}

function useNamed(): Found[] {
  const triggers = useList<Trigger>(['triggers'], '/triggers', {}, { limit: 1000 }).items;
  const workflows = useList<Workflow>(['workflows'], '/workflows', {}, { limit: 1000 }).items;
  const scripts = useList<Script>(['scripts'], '/scripts', {}, { limit: 1000 }).items;
  const sources = useList<Source>(['sources'], '/sources').items;
  return [
    ...places.map((place) => ({ to: place.to, icon: place.icon, name: place.name, what: 'Screen' })),
    ...triggers.map((each) => ({ to: `/triggers/${each.id}`, icon: 'triggers' as const, name: each.name, what: `Trigger ${each.id}` })),
    ...workflows.map((each) => ({ to: `/workflows/${encodeURIComponent(each.id)}`, icon: 'workflows' as const, name: each.name, what: `Workflow ${each.id}` })),
    ...scripts.map((each) => ({ to: `/scripts/${encodeURIComponent(each.name)}`, icon: 'scripts' as const, name: each.name, what: 'Script' })),
    ...sources.map((each) => ({ to: `/sources/${encodeURIComponent(each.name)}`, icon: 'sources' as const, name: each.name, what: 'Source' })),
  ];
}

/** An event or execution by its whole id. */
function useById(text: string): Found[] {
  const looksLikeId = /^[\w.~%/-]+([:-][\w.%/-]+)+$/.test(text);
  const event = useRead<RowEvent>(['events', text], path`/events/${text}`, {}, { when: looksLikeId }).data;
  const execution = useRead<Execution>(['executions', text], path`/executions/${text}`, {}, { when: looksLikeId }).data;
  const found: Found[] = [];
  if (looksLikeId && event?.event_id === text) found.push({ to: `/events/${encodeURIComponent(text)}`, icon: 'events', name: text, what: `Event, seq ${event.seq}` });
  if (looksLikeId && execution?.id === text) found.push({ to: `/executions/${encodeURIComponent(text)}`, icon: 'executions', name: text, what: 'Execution' });
  return found;
}

export function Search({ onClose }: { onClose: () => void }) {
  const [, go] = useLocation();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const list = useId();
  const named = useNamed();
  const wanted = text.trim().toLowerCase();
  const byName = wanted === '' ? named : named.filter((each) => `${each.name} ${each.what}`.toLowerCase().includes(wanted));
  const found = [...useById(text.trim()), ...byName].slice(0, 50);
  const index = Math.min(at, Math.max(0, found.length - 1));
  const open = (each: Found | undefined) => {
    if (!each) return;
    onClose();
    go(each.to);
  };
  return (
    <Overlay label="Search" onClose={onClose}>
      <div className={css.sheetHead}>
        <Icon name="search" />
        <input
          autoFocus role="combobox" aria-label="Search by name or id" aria-expanded="true" aria-controls={list} aria-activedescendant={`${list}-${index}`}
          placeholder="A trigger, workflow, script, source, or the id of an event or execution" value={text}
          onChange={(change) => { setText(change.target.value); setAt(0); }}
          onKeyDown={(key) => {
            if (key.key === 'ArrowDown') setAt(Math.min(found.length - 1, index + 1));
            else if (key.key === 'ArrowUp') setAt(Math.max(0, index - 1));
            else if (key.key === 'Enter') open(found[index]);
            else return;
            key.preventDefault();
          }}
        />
        <kbd>Esc</kbd>
      </div>
      <div className={css.sheetBody}>
        <ul role="listbox" id={list} aria-label="Found">
          {found.map((each, place) => (
            <li
              key={each.to} id={`${list}-${place}`} role="option" aria-selected={place === index} className={css.found}
              onMouseMove={() => { setAt(place); }} onClick={() => { open(each); }}
              ref={(element) => { if (place === index) element?.scrollIntoView({ block: 'nearest' }); }}
            >
              <Icon name={each.icon} /><span className="truncate grow">{each.name}</span><span className="muted">{each.what}</span>
            </li>
          ))}
        </ul>
        {found.length === 0 && <p className="muted" style={{ padding: '8px 10px' }}>Nothing has that name. Events and executions are found by their whole id; <a href={`/executions?error=${encodeURIComponent(text)}`}>search the errors of executions</a>.</p>}
      </div>
    </Overlay>
  );
}

