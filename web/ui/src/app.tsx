// Signed in or not; then the frame and the screens, each loaded when it is first asked for.
import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, useEffect, useState } from 'react';
import { Link, Route, Switch } from 'wouter';
import { api, onSignedOut, Problem } from './api/client';
import { queries } from './api/queries';
import type { Session } from './api/types';
import { Frame } from './frame/frame';
import { SignIn, takeCode } from './frame/sign-in';
import { Empty, ProblemBox } from './parts/notice';

const Overview = lazy(() => import('./screens/overview'));
const Events = lazy(() => import('./screens/events'));
const Triggers = lazy(() => import('./screens/triggers'));
const Workflows = lazy(() => import('./screens/workflows'));
const Scripts = lazy(() => import('./screens/scripts'));
const Executions = lazy(() => import('./screens/executions'));
const Sources = lazy(() => import('./screens/sources'));
const Settings = lazy(() => import('./screens/settings'));

function Screens() {
  return (
    <Switch>
      <Route path="/" component={Overview} />
      <Route path="/events/*?" component={Events} />
      <Route path="/triggers/*?" component={Triggers} />
      <Route path="/workflows/*?" component={Workflows} />
      <Route path="/scripts/*?" component={Scripts} />
      <Route path="/executions/*?" component={Executions} />
      <Route path="/sources/*?" component={Sources} />
      <Route path="/settings/*?" component={Settings} />
      <Route><Empty title="There is no such page"><p>The address may be mistyped. <Link href="/">Go to the overview</Link></p></Empty></Route>
    </Switch>
  );
}

type Door = { at: 'asking' } | { at: 'outside'; failure: Problem | undefined } | { at: 'inside' } | { at: 'silence'; problem: Problem };

async function enter(): Promise<Session> {
  const code = takeCode();
  return code === undefined ? api.get<Session>('/session') : api.post<Session>('/session', { code });
}

let entering: Promise<Session> | undefined; // a code can be exchanged once only

export function App() {
  const [door, setDoor] = useState<Door>({ at: 'asking' });
  const letIn = (session: Session) => {
    queries.setQueryData(['session'], session);
    setDoor({ at: 'inside' });
  };
  useEffect(() => {
    onSignedOut(() => { setDoor({ at: 'outside', failure: new Problem(401, 'You are signed out', 'The session has ended, or its token was revoked.') }); });
    const hadCode = window.location.hash.includes('code=');
    (entering ??= enter()).then(letIn, (error: unknown) => {
      const problem = error instanceof Problem ? error : new Problem(0, 'Something went wrong', String(error));
      if (problem.status === 0) setDoor({ at: 'silence', problem });
      else setDoor({ at: 'outside', failure: hadCode ? problem : undefined });
    });
  }, []);
  if (door.at === 'asking') return null;
  if (door.at === 'silence') return <main className="screen-body"><h1 className="sr-only">Rowhook</h1><ProblemBox error={door.problem} onRetry={() => { window.location.reload(); }} /></main>;
  if (door.at === 'outside') return <SignIn failure={door.failure} onDone={letIn} />;
  return (
    <QueryClientProvider client={queries}>
      <Frame><Screens /></Frame>
    </QueryClientProvider>
  );
}
