import type { IconName } from '../../parts/icon';

const icons: Record<string, IconName> = {
  input: 'right', filter: 'filter', transform: 'scripts', switch: 'workflows', set: 'columns', http_request: 'external', sql: 'sources', log: 'events',
};

export function nodeIcon(type: string): IconName {
  return icons[type] ?? 'circle';
}
