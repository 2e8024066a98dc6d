// The editor behind a CodeField, loaded when the first one is shown.
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, placeholder as placeholderOf } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import css from './code.module.css';
import type { Completer, Language } from './completions';
import { mark, reading, replaceText, writing } from './setup';
import type { Finding } from './use-checks';

export interface FieldEditorProps {
  id: string;
  language: Language;
  value: string;
  onChange: (value: string) => void;
  placeholder: string;
  disabled: boolean;
  invalid: boolean;
  describedBy: string;
  findings: readonly Finding[];
  complete: Completer;
  cursor: number | undefined; // it takes the focus there: somebody was writing while it was loaded
}

export default function FieldEditor(props: FieldEditorProps) {
  const { id, language, value, placeholder, disabled, invalid, describedBy, findings } = props;
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef(props);
  useEffect(() => { latest.current = props; });

  useEffect(() => {
    if (!place.current) return;
    const { value: doc, cursor } = latest.current;
    const { extensions, keys } = writing(() => latest.current.complete);
    // Tab is not taken: it leaves the field, as in any other. Escape closes what is offered, and nothing else.
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc, selection: { anchor: Math.min(cursor ?? 0, doc.length) },
        extensions: [
          reading(language), extensions, keymap.of([...keys, { key: 'Escape', run: () => true }]), placeholderOf(placeholder), EditorState.readOnly.of(disabled),
          EditorView.contentAttributes.of({ id, 'aria-labelledby': `${id}-label`, ...(disabled ? { 'aria-readonly': 'true' } : {}) }),
          EditorView.updateListener.of((update) => { if (update.docChanged) latest.current.onChange(update.state.doc.toString()); }),
        ],
      }),
    });
    view.current = made;
    const label = document.getElementById(`${id}-label`);
    const focus = () => { made.focus(); };
    label?.addEventListener('click', focus);
    if (cursor !== undefined) focus();
    return () => {
      label?.removeEventListener('click', focus);
      made.destroy();
      view.current = null;
    };
  }, [id, language, placeholder, disabled]);

  useEffect(() => { if (view.current) replaceText(view.current, value, false); }, [value]);
  useEffect(() => { if (view.current) mark(view.current, findings); }, [findings]);
  useEffect(() => {
    view.current?.contentDOM.setAttribute('aria-invalid', String(invalid));
    view.current?.contentDOM.setAttribute('aria-describedby', describedBy);
  }, [invalid, describedBy]);

  return <div ref={place} className={css.field} data-own-keys="" data-invalid={invalid} />;
}
