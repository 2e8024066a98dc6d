// A setting that is code: Lua, SQL or a condition, with its names offered and what is wrong with it at its place.
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from 'react';
import { useRead } from '../api/queries';
import type { ScriptLibrary } from '../api/types';
import { Icon } from '../parts/icon';
import css from './code.module.css';
import { offersFor, type Completer, type Language } from './completions';
import { placeIn, useFindings, type Kind } from './use-checks';

const FieldEditor = lazy(() => import('./field-editor'));

/** Whose rows a piece of code is about, as far as that is known. */
export interface CodeSubject {
  source?: string | undefined;
  tables?: readonly string[]; // globs; none: any of the source
}

interface Props {
  id: string; // its label has the id `${id}-label`
  language: Language;
  kind?: Kind | undefined; // of Lua
  value: string;
  onChange: (value: string) => void;
  about?: CodeSubject;
  problem?: string | undefined; // what the server says is wrong with the setting as a whole
  placeholder?: string;
  disabled?: boolean;
  describedBy?: string;
}

const anything: CodeSubject = {};

export function CodeField({ id, language, kind, value, onChange, about = anything, problem, placeholder = '', disabled = false, describedBy = '' }: Props) {
  const { source, tables = [] } = about;
  const globs = useMemo(() => [...tables], [tables.join('\n')]); // eslint-disable-line react-hooks/exhaustive-deps -- the same names are the same list
  const library = useRead<ScriptLibrary>(['library', source ?? ''], '/scripts/library', { source }).data;
  const complete: Completer = useCallback((written) => offersFor(language, written, library, globs), [language, library, globs]);
  const found = useFindings({ text: value, kind, source, table: globs.length === 1 ? globs[0] : undefined }, language === 'lua' && !disabled && value.trim() !== '');
  const placed = useMemo(() => (language === 'condition' && problem ? placeIn(value, problem) : []), [language, value, problem]);
  const findings = language === 'lua' ? found : placed;
  // The check of a script says the same with its place, and everything else that is wrong.
  const said = language === 'lua' && found.some((each) => each.severity === 'error') ? undefined : problem;
  const invalid = problem !== undefined || findings.some((each) => each.severity === 'error');
  const described = `${id}-found ${describedBy}`.trim();
  const [typing, setTyping] = useState<number | undefined>();
  const plain = useRef<HTMLTextAreaElement>(null);
  return (
    <div className={css.box}>
      <Suspense
        fallback={
          <textarea
            ref={plain} id={id} rows={2} className={css.plain} spellCheck={false} value={value} placeholder={placeholder} readOnly={disabled} aria-invalid={invalid} aria-describedby={described}
            onChange={(change) => { setTyping(change.target.selectionStart); onChange(change.target.value); }} onFocus={(focus) => { setTyping(focus.target.selectionStart); }} onBlur={() => { setTyping(undefined); }}
          />
        }
      >
        <FieldEditor id={id} language={language} value={value} onChange={onChange} placeholder={placeholder} disabled={disabled} invalid={invalid} describedBy={described} findings={findings} complete={complete} cursor={typing} />
      </Suspense>
      {!disabled && <span className={css.hint} aria-hidden="true"><kbd>Ctrl Space</kbd> offers names, <kbd>Tab</kbd> leaves</span>}
      <div id={`${id}-found`} className={css.found}>
        {said && <span className="problem">{said}</span>}
        {language === 'lua' && found.map((each) => (
          <span key={`${each.line}:${each.column}:${each.message}`} className={css[each.severity]}>
            <Icon name={each.severity === 'error' ? 'cross' : 'warn'} size={12} /><span><span className="sr-only">{each.severity} </span><span className="mono">{each.line}:{each.column}</span> {each.message}</span>
          </span>
        ))}
      </div>
    </div>
  );
}
