// The editor of a whole script, and the difference of two.
import { indentWithTab } from '@codemirror/commands';
import { lintGutter } from '@codemirror/lint';
import { unifiedMergeView } from '@codemirror/merge';
import { EditorState } from '@codemirror/state';
import { EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import css from './code.module.css';
import type { Completer } from './completions';
import { mark, rangeOf, reading, replaceText, writing } from './setup';
import type { Finding } from './use-checks';

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  readOnly: boolean;
  findings: Finding[];
  complete: Completer;
  goTo: { line: number; column: number } | undefined; // moves the cursor there when it is another object than before
}

export function CodeEditor({ label, value, onChange, readOnly, findings, complete, goTo }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef({ onChange, complete });
  useEffect(() => { latest.current = { onChange, complete }; });
  const first = useRef(value);

  useEffect(() => {
    if (!place.current) return;
    const { extensions, keys } = writing(() => latest.current.complete);
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          reading('lua'), lineNumbers(), highlightActiveLine(), lintGutter(), extensions, keymap.of([...keys, indentWithTab]),
          EditorView.contentAttributes.of({ 'aria-label': label }), EditorState.readOnly.of(readOnly),
          EditorView.updateListener.of((update) => { if (update.docChanged) latest.current.onChange(update.state.doc.toString()); }),
        ],
      }),
    });
    view.current = made;
    return () => {
      first.current = made.state.doc.toString();
      made.destroy();
      view.current = null;
    };
  }, [label, readOnly]);

  useEffect(() => { if (view.current) replaceText(view.current, value, true); }, [value]);
  useEffect(() => { if (view.current) mark(view.current, findings); }, [findings]);
  useEffect(() => {
    const now = view.current;
    if (!now || !goTo) return;
    now.dispatch({ selection: { anchor: rangeOf(now.state, goTo.line, goTo.column).from }, scrollIntoView: true });
    now.focus();
  }, [goTo]);

  return <div ref={place} className={css.editor} data-own-keys="" />;
}

/** What differs from `before` to `after`, in one column. */
export function CodeDiff({ label, before, after }: { label: string; before: string; after: string }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!place.current) return;
    const made = new EditorView({
      parent: place.current, doc: after,
      extensions: [
        reading('lua'), lineNumbers(), EditorView.contentAttributes.of({ 'aria-label': label }), EditorState.readOnly.of(true),
        unifiedMergeView({ original: before, mergeControls: false, gutter: true, collapseUnchanged: { margin: 3 } }),
      ],
    });
    return () => { made.destroy(); };
  }, [label, before, after]);
  return <div ref={place} className={css.diff} data-own-keys="" />;
}
