// A trigger as its form holds it: every setting as text, and back again. What the form does not know stays as it is.
import { isRecord, parseJson, sameJson, writeJson, type JsonRecord, type JsonValue } from '../../api/json';
import type { Trigger } from '../../api/types';

type Kind = 'list' | 'text' | 'number' | 'boolean';

/** The settings of a trigger's config that the form shows, in its order; a dot is a level. */
export const settings = {
  tables: 'list',
  changed: 'list',
  where: 'text',
  filter: 'text',
  filter_script: 'text',
  transform: 'text',
  transform_script: 'text',
  ordering: 'text',
  'retry.max_retries': 'number',
  'retry.retry_delay_seconds': 'number',
  'retry.exponential_backoff': 'boolean',
  'retry.max_delay_seconds': 'number',
  endpoint: 'text',
  secret: 'text',
  format: 'text',
} as const satisfies Record<string, Kind>;

export type Setting = keyof typeof settings;

export interface Draft {
  name: string;
  description: string;
  source: string;
  event_type: string;
  workflow_id: string;
  target_node_id: string;
  is_active: boolean;
  config: Record<Setting, string>;
}

const names = Object.keys(settings) as Setting[];

/** "orders, order_*" -> ["orders", "order_*"]. */
export function listOf(text: string): string[] {
  return text.split(/[,\n]/).map((each) => each.trim()).filter(Boolean);
}

/** Where the server's problems with a setting point to. */
export function pointerOf(setting: Setting): string {
  return '/config/' + setting.replace('.', '/');
}

function read(config: JsonRecord, setting: Setting): JsonValue | undefined {
  const [first = '', second] = setting.split('.');
  const value = config[first];
  if (second === undefined) return value;
  return isRecord(value) ? value[second] : undefined;
}

function textOf(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map((each) => textOf(each)).join(', ');
  return typeof value === 'string' ? value : writeJson(value);
}

/** What was written for a number; as text when it is none, so that the server says what is wrong with it. */
function numberOf(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

function valueOf(kind: Kind, text: string): JsonValue {
  if (kind === 'list') return listOf(text);
  if (kind === 'number') return numberOf(text.trim());
  if (kind === 'boolean') return text === 'true';
  return text;
}

export function draftOf(trigger: Partial<Trigger>): Draft {
  const config = trigger.config ?? {};
  return {
    name: trigger.name ?? '',
    description: trigger.description ?? '',
    source: trigger.source ?? '',
    event_type: trigger.event_type ?? 'record_updated',
    workflow_id: trigger.workflow_id ?? '',
    target_node_id: trigger.target_node_id ?? '',
    is_active: trigger.is_active ?? false,
    config: Object.fromEntries(names.map((name) => [name, textOf(read(config, name))])) as Record<Setting, string>,
  };
}

/** The body to send; `stored` keeps the settings that the form does not show. */
export function bodyOf(draft: Draft, stored: JsonRecord = {}): JsonRecord {
  const config: JsonRecord = { ...stored };
  const retry: JsonRecord = isRecord(stored['retry']) ? { ...stored['retry'] } : {};
  for (const name of names) {
    const [first = '', second] = name.split('.');
    const at = second === undefined ? config : retry;
    const key = second ?? first;
    const text = draft.config[name];
    if (text.trim() === '') Reflect.deleteProperty(at, key);
    else at[key] = valueOf(settings[name], text);
  }
  if (Object.keys(retry).length > 0) config['retry'] = retry;
  else Reflect.deleteProperty(config, 'retry');
  return {
    name: draft.name,
    description: draft.description,
    source: draft.source,
    event_type: draft.event_type,
    workflow_id: draft.workflow_id,
    target_node_id: draft.target_node_id === '' ? null : draft.target_node_id,
    is_active: draft.is_active,
    config,
  };
}

const compared = ['name', 'description', 'source', 'event_type', 'workflow_id', 'target_node_id', 'is_active'];

/** The members that differ between the two, those of config by their own names. */
export function differences(theirs: JsonRecord, mine: JsonRecord): { name: string; theirs: JsonValue | undefined; mine: JsonValue | undefined }[] {
  const [left, right] = [theirs['config'] as JsonRecord, mine['config'] as JsonRecord];
  const config = [...new Set([...Object.keys(left), ...Object.keys(right)])].map((name) => ({ name: `config.${name}`, theirs: left[name], mine: right[name] }));
  return [...compared.map((name) => ({ name, theirs: theirs[name], mine: mine[name] })), ...config].filter((each) => !sameJson(each.theirs, each.mine));
}
