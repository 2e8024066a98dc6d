// The places of the rail, in its order.
import type { IconName } from '../parts/icon';

export interface Place {
  to: string;
  name: string;
  icon: IconName;
  key: string; // after g
}

export const places: Place[] = [
  { to: '/', name: 'Overview', icon: 'overview', key: 'o' },
  { to: '/events', name: 'Events', icon: 'events', key: 'e' },
  { to: '/triggers', name: 'Triggers', icon: 'triggers', key: 't' },
  { to: '/workflows', name: 'Workflows', icon: 'workflows', key: 'w' },
  { to: '/scripts', name: 'Scripts', icon: 'scripts', key: 's' },
  { to: '/executions', name: 'Executions', icon: 'executions', key: 'x' },
  { to: '/sources', name: 'Sources', icon: 'sources', key: 'd' },
  { to: '/settings', name: 'Settings', icon: 'settings', key: ',' },
];
