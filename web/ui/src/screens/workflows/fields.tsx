// A form printed from the declaration of a node type's settings (JSON Schema), each fault at its field.
import { useId, useState } from 'react';
import type { FieldProblem } from '../../api/client';
import { isRecord, parseJson, writeJson, type JsonRecord, type JsonValue } from '../../api/json';
import { CodeField, type CodeSubject } from '../../code/code-field';
import type { Language } from '../../code/completions';
import { hidden, withMember } from './model';
import css from './workflows.module.css';

export interface Offers {
  scripts: string[];
  connections: string[];
  about: CodeSubject; // whose rows the node's scripts and conditions get
}

interface FieldProps {
  name: string;
  schema: JsonRecord;
  value: JsonValue | undefined;
  required: boolean;
  pointer: string;
  faults: FieldProblem[];
  offers: Offers;
  siblings: JsonRecord; // the other settings beside this one
  disabled: boolean;
  onChange: (value: JsonValue | undefined) => void;
}

function labelOf(name: string): string {
  if (name === 'url' || name === 'sql') return name.toUpperCase();
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : value === undefined ? '' : writeJson(value));
const languages: Partial<Record<string, Language>> = { lua: 'lua', sql: 'sql', condition: 'condition' };

function hintOf(schema: JsonRecord): string {
  const example = Array.isArray(schema['examples']) ? schema['examples'][0] : undefined;
  if (example !== undefined) return text(example);
  return schema['default'] === undefined ? '' : text(schema['default']);
}

interface ControlProps extends FieldProps {
  id: string;
  describedBy: string;
  own: FieldProblem[]; // its faults
  invalid: boolean;
}

function Control(props: ControlProps) {
  const { id, schema, value, onChange, disabled, required, describedBy, invalid } = props;
  const shared = { id, disabled, 'aria-describedby': describedBy, 'aria-invalid': invalid };
  if (schema['writeOnly'] === true) return <Secret {...props} />;
  if (Array.isArray(schema['enum']) || schema['type'] === 'boolean') {
    const choices = Array.isArray(schema['enum']) ? schema['enum'].map(text) : ['true', 'false'];
    const back = (chosen: string) => (chosen === '' ? undefined : schema['type'] === 'boolean' ? chosen === 'true' : chosen);
    return (
      <select {...shared} value={text(value)} onChange={(change) => { onChange(back(change.target.value)); }}>
        {!required && <option value="">{schema['default'] === undefined ? 'not set' : `${text(schema['default'])} (default)`}</option>}
        {choices.map((each) => <option key={each} value={each}>{schema['type'] === 'boolean' ? (each === 'true' ? 'yes' : 'no') : each}</option>)}
      </select>
    );
  }
  if (schema['type'] === 'integer' || schema['type'] === 'number') {
    const number = (given: string): JsonValue | undefined => (given === '' ? undefined : /^-?(0|[1-9]\d*)(\.\d+)?$/.test(given) ? parseJson(given) : given);
    return <input {...shared} inputMode="numeric" value={text(value)} placeholder={hintOf(schema)} onChange={(change) => { onChange(number(change.target.value)); }} />;
  }
  if (schema['type'] === 'string') {
    const set = (given: string) => { onChange(given === '' ? undefined : given); };
    const language = languages[text(schema['format'])];
    if (language) return <CodeControl {...props} language={language} />;
    if (schema['format'] === 'template')
      return <textarea {...shared} rows={Math.min(16, Math.max(2, text(value).split('\n').length))} spellCheck={false} value={text(value)} placeholder={hintOf(schema)} onChange={(change) => { set(change.target.value); }} />;
    const offered = schema['format'] === 'script' ? props.offers.scripts : props.name === 'connection' ? props.offers.connections : [];
    return (
      <>
        <input {...shared} value={text(value)} placeholder={hintOf(schema)} spellCheck={false} list={offered.length > 0 ? id + '-offers' : undefined} onChange={(change) => { set(change.target.value); }} />
        {offered.length > 0 && <datalist id={id + '-offers'}>{offered.map((each) => <option key={each} value={each} />)}</datalist>}
      </>
    );
  }
  return <JsonField key={id} {...props} />;
}

/** A statement is about the tables of its connection, everything else about the rows that the workflow is started for. */
function CodeControl({ id, name, schema, value, own, siblings, offers, disabled, describedBy, language, onChange }: ControlProps & { language: Language }) {
  const connection = text(siblings['connection']);
  const kind = name === 'filter' || name === 'transform' ? name : undefined;
  return (
    <CodeField
      id={id} language={language} kind={kind} about={language === 'sql' ? { source: connection.replaceAll('_', '-') } : offers.about} value={text(value)} placeholder={hintOf(schema)} disabled={disabled} describedBy={describedBy}
      problem={own.length > 0 ? own.map((each) => each.detail).join('; ') : undefined} onChange={(given) => { onChange(given === '' ? undefined : given); }}
    />
  );
}

/** Write-only: what is stored is never shown; it stays, is replaced, or goes. */
function Secret({ id, value, onChange, disabled, describedBy, invalid }: ControlProps) {
  const [replacing, setReplacing] = useState(false);
  if (value === hidden && !replacing)
    return (
      <div className="row">
        <span className="muted grow">A secret is stored; it is never shown.</span>
        <button type="button" id={id} disabled={disabled} aria-describedby={describedBy} onClick={() => { setReplacing(true); }}>Replace</button>
        <button type="button" disabled={disabled} onClick={() => { onChange(undefined); }}>Remove</button>
      </div>
    );
  return (
    <div className="row">
      <input
        id={id} className="grow" type="password" autoComplete="off" spellCheck={false} disabled={disabled} aria-describedby={describedBy} aria-invalid={invalid}
        value={value === hidden ? '' : text(value)} placeholder={replacing ? 'The new secret' : 'None'} onChange={(change) => { onChange(change.target.value === '' ? (replacing ? hidden : undefined) : change.target.value); }}
      />
      {replacing && <button type="button" onClick={() => { setReplacing(false); onChange(hidden); }}>Keep the stored one</button>}
    </div>
  );
}

/** Anything else is written as JSON; a text without quotes where any value may stand is taken as that text. */
function JsonField({ id, schema, value, onChange, disabled, describedBy, invalid }: ControlProps) {
  const shown = value === undefined ? '' : typeof value === 'string' && schema['type'] === undefined ? value : writeJson(value, 2);
  const [draft, setDraft] = useState<{ text: string; for: string }>({ text: shown, for: shown });
  const [wrong, setWrong] = useState<string | undefined>();
  const here = draft.for === shown ? draft.text : shown; // changed elsewhere, by undo: show that
  const change = (given: string) => {
    let next: JsonValue | undefined;
    setWrong(undefined);
    try {
      next = given.trim() === '' ? undefined : parseJson(given);
    } catch (error) {
      if (schema['type'] !== undefined) {
        setDraft({ text: given, for: shown });
        setWrong(error instanceof Error ? error.message : String(error));
        return;
      }
      next = given;
    }
    setDraft({ text: given, for: next === undefined ? '' : typeof next === 'string' && schema['type'] === undefined ? next : writeJson(next, 2) });
    onChange(next);
  };
  return (
    <>
      <textarea
        id={id} disabled={disabled} rows={Math.min(14, Math.max(2, here.split('\n').length))} spellCheck={false} value={here} placeholder={hintOf(schema)}
        aria-describedby={describedBy} aria-invalid={invalid || wrong !== undefined} onChange={(event) => { change(event.target.value); }}
      />
      {wrong && <span className="problem">No JSON yet: {wrong}. The last value that was stands.</span>}
    </>
  );
}

/** A declaration's description: what stands in backticks is code. */
export function Doc({ text: given }: { text: string }) {
  return <span className="doc">{given.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</span>;
}

function Field(props: FieldProps) {
  const id = useId();
  const { name, schema, required, pointer } = props;
  const own = props.faults.filter((each) => each.pointer === pointer || each.pointer.startsWith(pointer + '/'));
  const isCode = schema['type'] === 'string' && languages[text(schema['format'])] !== undefined; // says itself what is wrong with it
  const items = isRecord(schema['items']) ? schema['items'] : undefined;
  if (schema['type'] === 'array' && items?.['type'] === 'object') return <ListField {...props} items={items} own={own.filter((each) => each.pointer === pointer)} />;
  return (
    <div className="field">
      <label id={id + '-label'} htmlFor={id}>{labelOf(name)}{required && <span className="muted"> (required)</span>}</label>
      <Control {...props} id={id} describedBy={id + '-doc'} own={own} invalid={own.length > 0} />
      <span id={id + '-doc'} className={css.fieldDoc}>
        {!isCode && own.map((each) => <span key={each.detail} className="problem">{each.pointer !== pointer && <code>{each.pointer.slice(pointer.length)}</code>} {each.detail}</span>)}
        <Doc text={text(schema['description'])} />
      </span>
    </div>
  );
}

function ListField({ items, own, ...props }: FieldProps & { items: JsonRecord; own: FieldProblem[] }) {
  const list = Array.isArray(props.value) ? props.value : [];
  const set = (next: JsonValue[]) => { props.onChange(next.length === 0 ? undefined : next); };
  const label = labelOf(props.name);
  const one = label.replace(/s$/, '').toLowerCase();
  return (
    <fieldset className={css.list}>
      <legend className="field-name">{label}</legend>
      <div className="field"><Doc text={text(props.schema['description'])} />{own.map((each) => <span key={each.detail} className="problem">{each.detail}</span>)}</div>
      {list.map((each, index) => (
        <fieldset key={index} className={css.item}>
          <legend className="sr-only">{`${label} ${index + 1}`}</legend>
          <div className={css.itemHead}>
            <strong className="grow">{index + 1}</strong>
            <button type="button" className="plain" disabled={props.disabled || index === 0} aria-label={`Move ${one} ${index + 1} up`} onClick={() => { set(list.map((value, at) => (at === index - 1 ? each : at === index ? (list[index - 1] ?? value) : value))); }}>Up</button>
            <button type="button" className="plain danger" disabled={props.disabled} aria-label={`Remove ${one} ${index + 1}`} onClick={() => { set(list.filter((_, at) => at !== index)); }}>Remove</button>
          </div>
          <Form
            schema={items} value={isRecord(each) ? each : {}} pointer={`${props.pointer}/${index}`} faults={props.faults} offers={props.offers} disabled={props.disabled}
            onChange={(next) => { set(list.map((value, at) => (at === index ? next : value))); }}
          />
        </fieldset>
      ))}
      {!props.disabled && <div><button type="button" onClick={() => { set([...list, {}]); }}>Add a {one}</button></div>}
    </fieldset>
  );
}

interface FormProps {
  schema: JsonRecord;
  value: JsonRecord;
  pointer: string; // of the value, in what the server checks
  faults: FieldProblem[];
  offers: Offers;
  disabled: boolean;
  onChange: (value: JsonRecord, member: string) => void;
}

export function Form({ schema, value, pointer, faults, offers, disabled, onChange }: FormProps) {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  const needed = Array.isArray(schema['required']) ? schema['required'] : [];
  const names = Object.keys(properties).sort((a, b) => Number(needed.includes(b)) - Number(needed.includes(a)));
  const known = (each: FieldProblem) => names.some((name) => each.pointer === `${pointer}/${name}` || each.pointer.startsWith(`${pointer}/${name}/`));
  const rest = faults.filter((each) => each.pointer.startsWith(pointer) && !known(each));
  return (
    <div className={css.form}>
      {rest.map((each) => <p key={each.pointer + each.detail} className="bad">{each.pointer.slice(pointer.length + 1)} {each.detail}</p>)}
      {names.map((name) => (
        <Field
          key={name} name={name} schema={isRecord(properties[name]) ? properties[name] : {}} value={value[name]} required={needed.includes(name)}
          pointer={`${pointer}/${name}`} faults={faults} offers={offers} siblings={value} disabled={disabled}
          onChange={(next) => { onChange(withMember(value, name, next), name); }}
        />
      ))}
      {names.length === 0 && <p className="muted">This node has no settings.</p>}
    </div>
  );
}
