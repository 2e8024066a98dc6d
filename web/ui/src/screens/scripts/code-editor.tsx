// CodeMirror for Lua: what the server finds stands at its line, what it declares is offered while one writes.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { lua } from '@codemirror/legacy-modes/mode/lua';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { unifiedMergeView } from '@codemirror/merge';
import { EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';
import type { ScriptCheck } from '../../api/types';
import css from './scripts.module.css';

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--code-keyword)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--code-number)' },
  { tag: tags.comment, color: 'var(--code-comment)', fontStyle: 'italic' },
]);

const theme = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--surface)', color: 'var(--text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', fontSize: '13px', lineHeight: '20px' },
  '.cm-gutters': { backgroundColor: 'var(--page)', color: 'var(--muted)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--selected) !important' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', color: 'var(--text)', border: 'none', borderRadius: 'var(--radius)', boxShadow: 'var(--shadow)', maxWidth: 'min(480px, 90vw)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--accent-text)' },
  '.cm-completionDetail': { fontStyle: 'normal', opacity: '0.8' },
  '.cm-diagnostic': { whiteSpace: 'pre-wrap' },
  '.cm-changedLine, .cm-insertedLine': { backgroundColor: 'var(--added) !important' },
  '.cm-deletedChunk': { backgroundColor: 'var(--removed) !important' },
  '.cm-changedText, .cm-deletedText': { background: 'none !important', fontWeight: '600' },
  '.cm-deletedChunk .cm-deletedText, .cm-changedLine *, .cm-insertedLine *, .cm-deletedChunk *': { color: 'var(--text) !important' },
});

/** The style sheets that the editor makes carry the page's nonce. */
function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? '';
}

function common(label: string): Extension {
  return [
    EditorView.cspNonce.of(nonce()), lineNumbers(), StreamLanguage.define(lua), syntaxHighlighting(colours), theme, EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
  ];
}

export type Completer = (context: CompletionContext) => CompletionResult | null;
export type Finding = ScriptCheck['problems'][number];

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  readOnly: boolean;
  findings: Finding[];
  complete: Completer;
  goTo: { line: number; column: number } | undefined; // moves the cursor there when it is another object than before
}

/** Where a finding stands in the document: its word, or its line's end. */
function rangeOf(state: EditorState, line: number, column: number): { from: number; to: number } {
  const at = state.doc.line(Math.min(Math.max(1, line), state.doc.lines));
  const from = Math.min(at.to, at.from + Math.max(0, column - 1));
  const word = /^[\w.]+/.exec(state.sliceDoc(from, at.to));
  return { from, to: word ? from + word[0].length : at.to };
}

export function CodeEditor({ label, value, onChange, readOnly, findings, complete, goTo }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef({ onChange, complete });
  useEffect(() => { latest.current = { onChange, complete }; });
  const first = useRef(value);

  useEffect(() => {
    if (!place.current) return;
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          common(label), history(), drawSelection(), highlightActiveLine(), indentOnInput(), indentUnit.of('  '), bracketMatching(), closeBrackets(), lintGutter(),
          autocompletion({ override: [(context) => latest.current.complete(context)], icons: false }),
          // Ctrl-Enter runs the script: the page's own key.
          keymap.of([...closeBracketsKeymap, ...defaultKeymap.filter((each) => each.key !== 'Mod-Enter'), ...historyKeymap, ...completionKeymap, ...lintKeymap, indentWithTab]),
          EditorState.readOnly.of(readOnly),
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

  useEffect(() => {
    const now = view.current;
    if (now && now.state.doc.toString() !== value) now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    const now = view.current;
    if (!now) return;
    now.dispatch(setDiagnostics(now.state, findings.map((each) => ({ ...rangeOf(now.state, each.line, each.column), severity: each.severity, message: each.message }))));
  }, [findings]);

  useEffect(() => {
    const now = view.current;
    if (!now || !goTo) return;
    now.dispatch({ selection: { anchor: rangeOf(now.state, goTo.line, goTo.column).from }, scrollIntoView: true });
    now.focus();
  }, [goTo]);

  return <div ref={place} className={css.code} data-own-keys="" />;
}

/** What differs from `before` to `after`, in one column. */
export function CodeDiff({ label, before, after }: { label: string; before: string; after: string }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!place.current) return;
    const made = new EditorView({
      parent: place.current, doc: after,
      extensions: [common(label), EditorState.readOnly.of(true), unifiedMergeView({ original: before, mergeControls: false, gutter: true, collapseUnchanged: { margin: 3 } })],
    });
    return () => { made.destroy(); };
  }, [label, before, after]);
  return <div ref={place} className={css.diff} data-own-keys="" />;
}
