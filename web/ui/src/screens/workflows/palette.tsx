// Nodes by typing: a few letters, Enter.
import { useId, useState } from 'react';
import type { NodeType, WorkflowNode } from '../../api/types';
import { Icon } from '../../parts/icon';
import type { Editing } from './editing';
import { addNode, outputsOf } from './model';
import { nodeIcon } from './node-icon';
import css from './workflows.module.css';

export function Palette({ editing, after, focusId }: { editing: Editing; after?: WorkflowNode | undefined; focusId?: string }) {
  const { types, draft, edit, select } = editing;
  const list = useId();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState(false);
  const wanted = text.trim().toLowerCase();
  const rank = (type: NodeType) => (`${type.name} ${type.title}`.toLowerCase().includes(wanted) ? 0 : type.doc.toLowerCase().includes(wanted) ? 1 : 2);
  const found = types.filter((type) => rank(type) < 2 && !(after && type.is_input)).sort((a, b) => rank(a) - rank(b));
  const index = Math.min(at, Math.max(0, found.length - 1));
  const add = (type: NodeType | undefined) => {
    if (!type) return;
    const from = after && { node: after, port: outputsOf(after, types.find((each) => each.name === after.node_type)).find((port) => !draft.connections.some((each) => each.from_node_id === after.node_id && each.from_port === port)) ?? outputsOf(after, types.find((each) => each.name === after.node_type))[0] };
    const made = addNode(draft, type, from);
    edit(() => made.draft);
    select([made.id], 'node');
    setText('');
  };
  return (
    <div className={css.palette} onBlur={(blur) => { if (!blur.currentTarget.contains(blur.relatedTarget)) setOpen(false); }}>
      <input
        id={focusId} role="combobox" aria-label="Add a node" aria-expanded={open} aria-controls={list} aria-activedescendant={open ? `${list}-${index}` : undefined} placeholder="Add a node: filter, http, sql…" value={text} autoComplete="off"
        onFocus={() => { setOpen(true); }} onChange={(change) => { setText(change.target.value); setAt(0); setOpen(true); }}
        onKeyDown={(key) => {
          if (key.key === 'ArrowDown') setAt(Math.min(found.length - 1, index + 1));
          else if (key.key === 'ArrowUp') setAt(Math.max(0, index - 1));
          else if (key.key === 'Enter') add(found[index]);
          else return;
          key.preventDefault();
        }}
      />
      {open && (
        <ul role="listbox" id={list} aria-label="Node types" className={css.offers}>
          {found.map((type, place) => (
            <li
              key={type.name} id={`${list}-${place}`} role="option" aria-selected={place === index}
              onMouseMove={() => { setAt(place); }} onMouseDown={(down) => { down.preventDefault(); add(type); }}
            >
              <Icon name={nodeIcon(type.name)} /><span><strong>{type.title}</strong> <span className="muted">{type.name}</span><span className={css.offerDoc}>{type.doc}</span></span>
            </li>
          ))}
        </ul>
      )}
      {open && found.length === 0 && <p className="muted">No node type has that in its name.</p>}
    </div>
  );
}
