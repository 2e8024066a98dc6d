// Copy and paste of nodes as JSON with the browser's own keys; text that is marked or typed in is left alone.
import { useEffect } from 'react';
import { parseJson } from '../../api/json';
import { copied, paste, type Draft } from './model';

function isForText(event: ClipboardEvent): boolean {
  const target = event.target;
  const typing = target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
  return typing || (event.type === 'copy' && window.getSelection()?.isCollapsed === false);
}

export function useClipboard(draft: Draft, selection: ReadonlySet<string>, mayWrite: boolean, edit: (make: (draft: Draft) => Draft) => void, select: (ids: string[]) => void): void {
  useEffect(() => {
    const onCopy = (event: ClipboardEvent) => {
      if (selection.size === 0 || isForText(event)) return;
      event.clipboardData?.setData('text/plain', copied(draft, selection));
      event.preventDefault();
    };
    const onPaste = (event: ClipboardEvent) => {
      if (!mayWrite || isForText(event)) return;
      try {
        const pasted = paste(draft, parseJson(event.clipboardData?.getData('text/plain') ?? ''));
        edit(() => pasted.draft);
        select(pasted.ids);
        event.preventDefault();
      } catch {
        return; // not ours: the outline's form says what it takes
      }
    };
    document.addEventListener('copy', onCopy);
    document.addEventListener('paste', onPaste);
    return () => {
      document.removeEventListener('copy', onCopy);
      document.removeEventListener('paste', onPaste);
    };
  }, [draft, selection, mayWrite, edit, select]);
}
