// What every screen is made of, and where the rest of its path says what is open in it.
import { useEffect, type ReactNode } from 'react';
import { useParams } from 'wouter';

/** The part of the path behind the screen's name, decoded: "/events/a%3Ab" -> "a:b"; undefined when nothing is open. */
export function useOpened(): string | undefined {
  const rest = useParams()['*'];
  if (!rest) return undefined;
  try {
    return decodeURIComponent(rest);
  } catch {
    return rest; // wouter has decoded it already, and what is left has a % of its own
  }
}

interface Props {
  title: string;
  count?: ReactNode; // beside the title
  tools?: ReactNode; // filters and buttons in the head line
  children: ReactNode;
}

export function Screen({ title, count, tools, children }: Props) {
  useEffect(() => { document.title = `${title} – Rowhook`; }, [title]);
  return (
    <div className="screen">
      <div className="screen-head">
        <h1>{title}</h1>
        {count !== undefined && <span className="muted">{count}</span>}
        {tools}
      </div>
      <div className="screen-fill">{children}</div>
    </div>
  );
}
