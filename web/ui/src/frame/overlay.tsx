import { useEffect, useRef, type ReactNode } from 'react';
import css from './frame.module.css';

/** Search and the list of shortcuts: above everything, gone with Escape, the focus back where it was. */
export function Overlay({ label, onClose, children }: { label: string; onClose: () => void; children: ReactNode }) {
  const sheet = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    if (!sheet.current?.contains(document.activeElement)) sheet.current?.focus();
    return () => { if (before instanceof HTMLElement) before.focus(); };
  }, []);
  return (
    <div className={css.overlay} onMouseDown={(down) => { if (down.target === down.currentTarget) onClose(); }}>
      <div
        ref={sheet} className={css.sheet} role="dialog" aria-modal="true" aria-label={label} tabIndex={-1}
        onKeyDown={(key) => {
          if (key.key === 'Escape') {
            key.stopPropagation();
            onClose();
          }
          if (key.key === 'Tab') keepInside(key, sheet.current);
        }}
      >
        {children}
      </div>
    </div>
  );
}

function keepInside(key: React.KeyboardEvent, sheet: HTMLElement | null): void {
  const inside = [...(sheet?.querySelectorAll<HTMLElement>('a[href], button:not(:disabled), input, [tabindex="0"]') ?? [])];
  const [first, last] = [inside[0], inside[inside.length - 1]];
  const edge = key.shiftKey ? first : last;
  if (!first || !last) return key.preventDefault();
  if (document.activeElement === edge || document.activeElement === sheet) {
    key.preventDefault();
    (key.shiftKey ? last : first).focus();
  }
}
