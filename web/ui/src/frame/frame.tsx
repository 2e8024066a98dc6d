// What stands around every screen: the rail, the top line with the sources, search, the list of shortcuts.
import { Suspense, useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { useRead } from '../api/queries';
import type { Health } from '../api/types';
import { Icon } from '../parts/icon';
import { ProblemBox } from '../parts/notice';
import { useShortcut } from '../parts/shortcuts';
import { Status } from '../parts/status';
import { ErrorBoundary } from './error-boundary';
import css from './frame.module.css';
import { places, type Place } from './places';
import { Search } from './search';
import { ShortcutList } from './shortcut-list';
import { WhoIsHere } from './who';

function isAt(place: Place, location: string): boolean {
  return place.to === '/' ? location === '/' : location === place.to || location.startsWith(place.to + '/');
}

function GoTo({ place }: { place: Place }) {
  const [, go] = useLocation();
  useShortcut(`g ${place.key}`, place.name, 'Go to', () => { go(place.to); });
  return null;
}

function Sources() {
  const health = useRead<Health>(['health'], '/health', {}, { every: 2_000 });
  if (health.isError && !health.data) return <Status of="source" state="failed" word="No answer" />;
  const sources = health.data?.sources ?? [];
  return (
    <ul className={css.sources} aria-label="Sources">
      {health.isError && <li><Status of="source" state="failed" word="Connection lost" /></li>}
      {sources.map((source) => (
        <li key={source.name}>
          <Link href={`/sources/${encodeURIComponent(source.name)}`} className={css.source} title={source.reason ?? `${source.name} is ${source.state}`}>
            <Status of="source" state={source.state} word={source.name} /><span className="sr-only">{source.state}</span>
            {source.state !== 'running' && <span className="muted" aria-hidden="true">{source.state}</span>}
          </Link>
        </li>
      ))}
    </ul>
  );
}

export function Frame({ children }: { children: ReactNode }) {
  const [location] = useLocation();
  const [searching, setSearching] = useState(false);
  const [listing, setListing] = useState(false);
  useShortcut('/', 'Search', 'Everywhere', () => { setSearching(true); });
  useShortcut('ctrl+k', 'Search', 'Everywhere', () => { setSearching(true); });
  useShortcut('?', 'Show this list', 'Everywhere', () => { setListing(true); });
  return (
    <div className={css.frame}>
      <a href="#content" className={css.skip}>Skip to the content</a>
      <nav className={css.rail} aria-label="Main">
        <Link href="/" className={css.brand} aria-label="Rowhook, overview"><img src="/icon.svg" alt="" width="24" height="24" /></Link>
        <ul>
          {places.map((place) => (
            <li key={place.to}>
              <GoTo place={place} />
              <Link href={place.to} className={css.place} aria-current={isAt(place, location) ? 'page' : undefined} title={`${place.name} (g ${place.key})`}>
                <Icon name={place.icon} size={18} /><span>{place.name}</span>
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <header className={css.top}>
        <Sources />
        <span className="grow" />
        <button type="button" className={css.search} onClick={() => { setSearching(true); }} aria-label="Search">
          <Icon name="search" size={14} /><span>Search</span><kbd>/</kbd>
        </button>
        <WhoIsHere onShortcuts={() => { setListing(true); }} />
      </header>
      <main id="content" className={css.content} tabIndex={-1}>
        <ErrorBoundary key={location.split('/')[1] ?? ''} show={(error) => <div className="screen-body"><ProblemBox error={error} onRetry={() => { window.location.reload(); }} /></div>}>
          <Suspense fallback={<div aria-busy="true" />}>{children}</Suspense>
        </ErrorBoundary>
      </main>
      {searching && <Search onClose={() => { setSearching(false); }} />}
      {listing && <ShortcutList onClose={() => { setListing(false); }} />}
    </div>
  );
}
