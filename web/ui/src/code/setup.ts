// What every code editor of the page has in common: its look, its languages, the names it offers and what is wrong at its place.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { lua } from '@codemirror/legacy-modes/mode/lua';
import { sql } from '@codemirror/legacy-modes/mode/sql';
import { lintKeymap, setDiagnostics } from '@codemirror/lint';
import { Transaction, type EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, type KeyBinding } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { conditionKeywords, sqlKeywords, type Completer, type Language } from './completions';
import type { Finding } from './use-checks';

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--code-keyword)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--code-number)' },
  { tag: tags.comment, color: 'var(--code-comment)', fontStyle: 'italic' },
]);

const theme = EditorView.theme({
  '&': { backgroundColor: 'var(--surface)', color: 'var(--text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', fontSize: '13px', lineHeight: '20px' },
  '.cm-gutters': { backgroundColor: 'var(--page)', color: 'var(--muted)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--selected) !important' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-placeholder': { color: 'var(--muted)' },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', color: 'var(--text)', border: 'none', borderRadius: 'var(--radius)', boxShadow: 'var(--shadow)', maxWidth: 'min(480px, 90vw)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--accent-text)' },
  '.cm-completionDetail': { fontStyle: 'normal', opacity: '0.8' },
  '.cm-diagnostic': { whiteSpace: 'pre-wrap' },
  '.cm-changedLine, .cm-insertedLine': { backgroundColor: 'var(--added) !important' },
  '.cm-deletedChunk': { backgroundColor: 'var(--removed) !important' },
  '.cm-changedText, .cm-deletedText': { background: 'none !important', fontWeight: '600' },
  '.cm-deletedChunk .cm-deletedText, .cm-changedLine *, .cm-insertedLine *, .cm-deletedChunk *': { color: 'var(--text) !important' },
});

const setOf = (words: string[]) => Object.fromEntries(words.map((word) => [word.toLowerCase(), true]));
const atoms = { true: true, false: true, null: true };
const grammars: Record<Language, Extension> = {
  lua: StreamLanguage.define(lua),
  sql: StreamLanguage.define(sql({ keywords: setOf(sqlKeywords), builtin: {}, atoms })),
  condition: StreamLanguage.define(sql({ keywords: setOf(conditionKeywords), builtin: {}, atoms })),
};

/** The style sheets that the editor makes carry the page's nonce. */
function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? '';
}

/** The text in its colours; enough to read it. */
export function reading(language: Language): Extension {
  return [EditorView.cspNonce.of(nonce()), grammars[language], syntaxHighlighting(colours), theme, EditorView.lineWrapping, EditorView.contentAttributes.of({ spellcheck: 'false' })];
}

// Ctrl-Enter is the page's own key.
const keys: readonly KeyBinding[] = [...closeBracketsKeymap, ...defaultKeymap.filter((each) => each.key !== 'Mod-Enter'), ...historyKeymap, ...completionKeymap, ...lintKeymap];

/** What makes it pleasant to write: brackets, indentation, undo, offers while one types. */
export function writing(complete: () => Completer): { extensions: Extension; keys: readonly KeyBinding[] } {
  const source = (context: CompletionContext): CompletionResult | null => {
    const word = context.matchBefore(/[A-Za-z_][\w.]*/);
    if (!word && !context.explicit) return null;
    const { offers, replaces } = complete()(word?.text ?? '');
    return { from: context.pos - (word ? replaces : 0), options: offers.map(({ info, ...each }) => (info ? { ...each, info } : each)), validFor: /^\w*$/ };
  };
  return { extensions: [history(), drawSelection(), indentOnInput(), indentUnit.of('  '), bracketMatching(), closeBrackets(), autocompletion({ override: [source], icons: false })], keys };
}

/** Where a finding stands in the document: its word, or its line's end. */
export function rangeOf(state: EditorState, line: number, column: number): { from: number; to: number } {
  const at = state.doc.line(Math.min(Math.max(1, line), state.doc.lines));
  const from = Math.min(at.to, at.from + Math.max(0, column - 1));
  const word = /^[\w.]+/.exec(state.sliceDoc(from, at.to));
  return { from, to: word ? from + word[0].length : at.to };
}

export function mark(view: EditorView, findings: readonly Finding[]): void {
  view.dispatch(setDiagnostics(view.state, findings.map((each) => ({ ...rangeOf(view.state, each.line, each.column), severity: each.severity, message: each.message }))));
}

/** Puts `value` in place of the text when it is another one: it was changed elsewhere. `undoable`: as a step of the editor's own history. */
export function replaceText(view: EditorView, value: string, undoable: boolean): void {
  if (view.state.doc.toString() === value) return;
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value }, annotations: Transaction.addToHistory.of(undoable) });
}
