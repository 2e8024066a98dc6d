// One setting of a form: its name, what it means, and what the server says is wrong with it.
import { useId, type ReactNode } from 'react';
import type { FieldProblem } from '../../api/client';
import { CodeField, type CodeSubject } from '../../code/code-field';
import type { Language } from '../../code/completions';
import type { Kind } from '../../code/use-checks';
import { listOf } from './draft';
import css from './triggers.module.css';

interface FieldProps {
  label: string;
  doc?: ReactNode;
  problem: FieldProblem | undefined;
  children: (id: string, described: string) => ReactNode;
}

function Field({ label, doc, problem, children }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label id={`${id}-label`} htmlFor={id}>{label}</label>
      {children(id, `${id}-about`)}
      <div id={`${id}-about`} className="stack">
        {problem && <span className="problem">{problem.detail}</span>}
        {doc && <span className="doc">{doc}</span>}
      </div>
    </div>
  );
}

interface Props {
  label: string;
  doc?: ReactNode;
  value: string;
  onChange: (value: string) => void;
  problem: FieldProblem | undefined;
}

interface TextProps extends Props {
  suggest?: string[];
  placeholder?: string;
  mono?: boolean;
  numeric?: boolean;
  secret?: boolean;
}

export function TextField({ label, doc, value, onChange, problem, suggest = [], placeholder = '', mono = false, numeric = false, secret = false }: TextProps) {
  return (
    <Field label={label} doc={doc} problem={problem}>
      {(id, about) => (
        <>
          <input
            id={id} value={value} placeholder={placeholder} spellCheck={false} autoComplete="off" className={mono ? 'mono' : undefined} inputMode={numeric ? 'decimal' : undefined}
            type={secret ? 'password' : 'text'} list={suggest.length > 0 ? `${id}-list` : undefined} aria-invalid={problem !== undefined} aria-describedby={about} onChange={(change) => { onChange(change.target.value); }}
          />
          {suggest.length > 0 && <datalist id={`${id}-list`}>{suggest.map((each) => <option key={each} value={each} />)}</datalist>}
        </>
      )}
    </Field>
  );
}

export function ChoiceField({ label, doc, value, onChange, problem, choices }: Props & { choices: readonly (readonly [value: string, label: string])[] }) {
  return (
    <Field label={label} doc={doc} problem={problem}>
      {(id, about) => (
        <select id={id} value={value} aria-invalid={problem !== undefined} aria-describedby={about} onChange={(change) => { onChange(change.target.value); }}>
          {!choices.some(([each]) => each === value) && <option value={value}>{value}</option>}
          {choices.map(([each, text]) => <option key={each} value={each}>{text}</option>)}
        </select>
      )}
    </Field>
  );
}

interface CodeProps extends Props {
  language: Language;
  kind?: Kind;
  about: CodeSubject;
  placeholder: string;
}

export function CodeSetting({ label, doc, problem, ...code }: CodeProps) {
  return <Field label={label} doc={doc} problem={undefined}>{(id, described) => <CodeField {...code} id={id} problem={problem?.detail} describedBy={described} />}</Field>;
}

/** Names with commas between them; those that are known can be switched with a button each. */
export function ListField({ suggest, ...props }: Props & { suggest: string[]; placeholder?: string }) {
  const chosen = listOf(props.value);
  const toggle = (name: string) => {
    props.onChange((chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name]).join(', '));
  };
  return (
    <div className="stack">
      <TextField {...props} mono />
      {suggest.length > 0 && (
        <div className={css.suggestions} role="group" aria-label={`${props.label} that are known`}>
          {suggest.map((name) => <button key={name} type="button" aria-pressed={chosen.includes(name)} onClick={() => { toggle(name); }}>{name}</button>)}
        </div>
      )}
    </div>
  );
}
