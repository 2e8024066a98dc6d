import { useEffect, useState } from 'react';
import { Icon } from './icon';
import css from './copy.module.css';

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // refused, or no secure context
  }
}

/** A button that copies `text`; `what` names it for screen readers: "Copy the event id". */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [result, setResult] = useState<'copied' | 'refused' | undefined>();
  useEffect(() => {
    if (!result) return;
    const timer = setTimeout(() => { setResult(undefined); }, 1_500);
    return () => { clearTimeout(timer); };
  }, [result]);
  const label = result === 'copied' ? 'Copied' : result === 'refused' ? 'The browser refused to copy' : `Copy ${what}`;
  return (
    <button
      type="button" className={css.copy} aria-label={label} title={label}
      onClick={(click) => {
        click.stopPropagation();
        void copyText(text).then((done) => { setResult(done ? 'copied' : 'refused'); });
      }}
    >
      <Icon name={result === 'copied' ? 'check' : result === 'refused' ? 'cross' : 'copy'} size={14} />
    </button>
  );
}

/** An id: short on the page, full on hover and when copied. */
export function Id({ id, what = 'the id', keep = 14 }: { id: string; what?: string; keep?: number }) {
  const short = id.length > keep + 2 ? '…' + id.slice(-keep) : id;
  return (
    <span className={css.id}>
      <span className="mono" title={id}>{short}</span>
      <CopyButton text={id} what={what} />
    </span>
  );
}

/** Something to run: SQL, a command, a line of configuration. */
export function CodeBlock({ text, what }: { text: string; what: string }) {
  return (
    <div className={css.block}>
      <pre tabIndex={0} role="group" aria-label={what}>{text}</pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}

/** What mends something: statements and commands to copy, or advice in words. */
export function Remedy({ text }: { text: string }) {
  const isCode = /^(ALTER|CREATE|DROP|GRANT|REVOKE|SELECT|INSERT|UPDATE|DELETE|SET|ANALYZE|REINDEX|rowhook|psql|mysql|mariadb|sqlite3|systemctl)\b/.test(text) || /;\s*$/.test(text);
  return isCode ? <CodeBlock text={text} what="the remedy" /> : <p>{text}</p>;
}
