// What stands where there is no content: a problem, or an empty list that teaches the next step.
import type { ReactNode } from 'react';
import { Problem } from '../api/client';
import { Icon } from './icon';
import css from './notice.module.css';

/** An error: what, where, and how to mend it. */
export function ProblemBox({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const problem = error instanceof Problem ? error : new Problem(0, 'Something went wrong in this page', error instanceof Error ? error.message : String(error));
  return (
    <div role="alert" className={css.problem}>
      <Icon name="warn" />
      <div className="stack grow">
        <strong>{problem.title}</strong>
        {problem.detail && problem.detail !== problem.title && <p className={css.detail}>{problem.detail}</p>}
        {problem.errors.length > 0 && (
          <ul className={css.errors}>
            {problem.errors.map((each) => (
              <li key={each.pointer + each.detail}>{each.pointer && <code>{each.pointer}</code>} {each.detail}</li>
            ))}
          </ul>
        )}
        {problem.hint && <p>{problem.hint}</p>}
        {onRetry && <div><button type="button" onClick={onRetry}>Try again</button></div>}
      </div>
    </div>
  );
}

/** An empty list: what would stand here, and how to get there. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={css.empty}>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** What failed: the first line says it; those behind it, of a script's error, say where and with what. */
export function ErrorText({ text }: { text: string | null }) {
  const [first = '', ...rest] = (text ?? '').trimEnd().split('\n');
  return (
    <>
      <p className={css.error}><strong>{first}</strong></p>
      {rest.length > 0 && <pre className={css.where}>{rest.map((line) => line.trim()).join('\n')}</pre>}
    </>
  );
}

/** A remark with a tone, beside what it is about. */
export function Note({ tone, children }: { tone: 'good' | 'warn' | 'bad' | 'idle'; children: ReactNode }) {
  return (
    <div className={`${css.note ?? ''} ${css[tone] ?? ''}`} role="status">
      <Icon name={tone === 'good' ? 'check' : tone === 'idle' ? 'circle' : 'warn'} />
      <div className="grow">{children}</div>
    </div>
  );
}
