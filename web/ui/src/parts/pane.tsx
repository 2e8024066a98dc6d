// A list with a detail pane on its right that has its own URL. On a narrow window the pane is a page.
import { useEffect, useRef, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { Icon } from './icon';
import { useNarrow } from './narrow';
import { useShortcut } from './shortcuts';
import css from './pane.module.css';

/** `pane` null: the list has the whole width. */
export function Split({ list, pane }: { list: ReactNode; pane: ReactNode | null }) {
  const narrow = useNarrow();
  return (
    <div className={css.split}>
      {!(narrow && pane) && <div className={css.list}>{list}</div>}
      {pane}
    </div>
  );
}

interface Props {
  title: ReactNode;
  label: string; // for screen readers: "Execution 4-12"
  closeTo: string; // where the list without the pane is
  tools?: ReactNode; // buttons beside the title
  children: ReactNode;
}

export function Pane({ title, label, closeTo, tools, children }: Props) {
  const [, go] = useLocation();
  const narrow = useNarrow();
  const head = useRef<HTMLHeadingElement>(null);
  useShortcut('escape', 'Close the pane', 'Lists', () => { go(closeTo + window.location.search); });
  useEffect(() => {
    if (narrow) head.current?.focus();
  }, [narrow, label]);
  return (
    <section className={css.pane} aria-label={label} data-pane="">
      <header className={css.head}>
        {narrow && <Link href={closeTo + window.location.search} className="button plain icon" aria-label="Back to the list"><Icon name="left" /></Link>}
        <h2 ref={head} tabIndex={-1} className={css.title}>{title}</h2>
        {tools}
        {!narrow && <Link href={closeTo + window.location.search} className="button plain icon" aria-label="Close the pane" title="Close (Esc)"><Icon name="close" /></Link>}
      </header>
      <div className={css.body} tabIndex={0} role="group" aria-label={label}>{children}</div>
    </section>
  );
}

/** A titled part of a pane. */
export function Part({ title, tools, children }: { title: string; tools?: ReactNode; children: ReactNode }) {
  return (
    <section className={css.part}>
      <div className={css.partHead}><h3>{title}</h3>{tools}</div>
      {children}
    </section>
  );
}

/** Names and values under each other. */
export function Facts({ facts }: { facts: (readonly [string, ReactNode])[] }) {
  return (
    <dl className={css.facts}>
      {facts.map(([name, value]) => (
        <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}
