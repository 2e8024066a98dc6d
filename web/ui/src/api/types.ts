// The shapes of the API that the page relies on. The server may add members.
import type { JsonRecord, JsonValue } from './json';

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
  total: number;
}

export type SourceStateName = 'running' | 'degraded' | 'gap' | 'failed' | 'paused';

export interface Source {
  name: string;
  state: SourceStateName;
  reason: string | null;
  remedy: string | null;
  position: string | null;
  lag_seconds: number | null;
  lag_bytes: number | null;
}

/** What the doctor found about a source's database. */
export interface Finding {
  severity: 'ok' | 'warning' | 'error';
  check: string;
  detail: string;
  remedy: string | null;
}

export interface Health {
  status: 'ok' | 'degraded' | 'failed';
  version: string;
  sources: Source[];
  store: { status: string; reason: string | null };
  journal: { status: string; reason: string | null; first_seq: number; last_seq: number; bytes: number; budget_bytes: number; max_age_seconds: number };
}

export interface EventMetadata {
  connection?: string;
  method?: string;
  position?: string;
  transaction_id?: string | null;
  ordinal?: number;
  tags?: string[];
  snapshot?: boolean;
  old_complete?: boolean;
  unchanged_fields?: string[];
  captured_at?: string;
  [name: string]: JsonValue | undefined;
}

export interface RowEvent {
  event_id: string;
  seq: number;
  source: string;
  event_type: string;
  database?: string | null;
  schema?: string | null;
  table?: string | null;
  record_id?: JsonValue;
  old_values?: JsonRecord | null;
  new_values?: JsonRecord | null;
  changed_fields?: string[] | null;
  timestamp: string;
  user?: string | null;
  metadata?: EventMetadata;
  [name: string]: unknown;
}

export type VerdictKind = 'matched' | 'filtered' | 'inactive' | 'error' | 'throttled' | 'loop' | 'no_node';

export interface Verdict {
  trigger_id: number;
  trigger_name: string;
  verdict: VerdictKind;
  reason: string;
  predicate: string | null;
  values: JsonRecord;
  line: number | null;
  execution_id: string | null;
  script_error?: string;
}

export interface Explanation {
  event_id: string;
  verdicts: Verdict[];
}

export type ExecutionStatus = 'pending' | 'running' | 'retrying' | 'completed' | 'dead_letter' | 'cancelled' | 'discarded';

export interface Step {
  node_id: string;
  node_type: string;
  status: string;
  input?: JsonValue;
  output?: JsonValue;
  error_message?: string | null;
  execution_time_ms?: number | null;
  started_at?: string | null;
  notes?: string[];
  [name: string]: unknown;
}

export interface Execution {
  id: string;
  trigger_id: number | null;
  trigger_revision: number;
  workflow_id: string;
  event_id: string | null;
  seq: number;
  source: string | null;
  event_type: string | null;
  table: string | null;
  key: JsonValue;
  target_node_id: string | null;
  status: ExecutionStatus;
  attempt: number;
  error_message: string | null;
  created_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  next_attempt_at?: string | null;
  execution_time_ms: number | null;
  edited_input?: JsonValue;
  steps?: Step[];
}

export interface Trigger {
  id: number;
  name: string;
  description: string;
  source: string;
  event_type: string;
  workflow_id: string;
  target_node_id: string | null;
  is_active: boolean;
  config: JsonRecord;
  revision: number;
  created_at?: string;
  updated_at?: string;
  [name: string]: unknown;
}

/** What a trigger would do with an event. */
export interface TriggerTest extends Verdict {
  event_id: string;
  is_active: boolean;
  item: JsonValue;
  execution: Execution | null; // of the dry run of its workflow, when it matched
}

/** How many triggers were made in an hour, per source and event type. */
export interface TriggerMetric {
  hour: string;
  source: string;
  event_type: string;
  trigger_count: number;
  active_count: number;
}

/** How a trigger did in the last ten minutes; every list has an entry for each step, the oldest first, the last one under way. */
export interface TriggerSeries {
  trigger_id: number;
  from: string;
  step_seconds: number;
  completed: number[];
  failed: number[]; // attempts
  p99_ms: (number | null)[]; // null: nothing ended
  last_failure: { execution_id: string; message: string; at: string; dead_letter: boolean } | null;
}

export type BacktestVerdict = 'passed_over' | 'fires' | 'fails';

export interface BacktestOutcome {
  verdict: BacktestVerdict;
  item?: JsonValue; // absent: the event itself
  error?: string;
}

export interface BacktestSample {
  seq: number;
  event_id: string;
  table: string | null;
  record_id: JsonValue;
  candidate: BacktestOutcome;
  active?: BacktestOutcome; // of the stored revision, when it is compared with one
}

export interface BacktestFailure {
  message: string;
  script: string;
  line: number | null;
  count: number;
  first_seq: number;
  first_event_id: string;
}

interface BacktestCounts {
  fires: number;
  fails: number;
}

/** What a trigger would have done with a part of the journal. */
export interface Backtest {
  from_seq: number;
  to_seq: number;
  next_seq: number | null; // where to go on; null: the range is done
  journal_seq: number; // where it ends
  events: number;
  of_trigger: number; // of its source and event type
  candidate: BacktestCounts;
  active: BacktestCounts | null;
  active_trigger_id: number | null;
  active_revision: number | null;
  differ: number | null;
  failures: BacktestFailure[];
  fired: BacktestSample[];
  differing: BacktestSample[];
}

export interface WorkflowNode {
  node_id: string;
  node_type: string;
  name: string;
  config: JsonRecord;
  position?: { x: number; y: number };
}

export interface WorkflowConnection {
  from_node_id: string;
  from_port: string;
  to_node_id: string;
  to_port: string;
}

export interface Workflow {
  id: string;
  name: string;
  description: string;
  is_active: boolean;
  tags: string[];
  nodes: WorkflowNode[];
  connections: WorkflowConnection[];
  settings?: JsonRecord;
  [name: string]: unknown;
}

export interface NodeType {
  name: string;
  title: string;
  doc: string;
  is_input: boolean;
  has_effects: boolean;
  inputs: string[];
  outputs: string[];
  config: JsonRecord; // JSON Schema of its settings
}

export interface Script {
  name: string;
  source: string;
  revision: number;
  updated_by: string | null;
  created_at: string;
  updated_at: string;
  cost: ScriptCost;
  [name: string]: unknown;
}

/** What its calls took since the engine started. */
export interface ScriptCost {
  calls: number;
  errors: number;
  p50_ms: number;
  p99_ms: number;
  total_ms: number;
  memory_bytes: number; // the most that one call had in use
}

export interface ScriptVersion {
  revision: number;
  updated_by: string | null;
  created_at: string;
  in_force: boolean;
  from_seq: number;
  until_seq: number | null; // exclusive; null: until now
  restored_from: number | null; // whose text a roll-back brought back
  source: string;
}

export interface LibraryEntry {
  name: string; // "text.split"
  library: string; // "text"; empty for what stands alone
  member: string;
  kind: 'function' | 'value';
  form: string; // as it is written: "text.split(s, separator)"
  returns: string;
  doc: string;
}

/** What scripts can name, and the columns of the watched tables of a source. */
export interface ScriptLibrary {
  entries: LibraryEntry[];
  tables: { name: string; columns: { name: string; type: string; lua_type: string }[] }[];
}

export interface ScriptError {
  type: string;
  message: string;
  script: string;
  line: number | null;
  column: number | null;
  traceback?: string;
  fields?: JsonRecord; // the columns it had read
}

export interface ScriptCheck {
  ok: boolean;
  error?: ScriptError;
  problems: { severity: 'error' | 'warning'; line: number; column: number; message: string }[];
}

export interface ScriptRun {
  ok: boolean;
  error?: ScriptError;
  result?: JsonValue;
  logs: { level: string; message: string }[];
  time_ms: number;
  memory_bytes: number;
}

/** Who changed what. */
export interface AuditEntry {
  id: number;
  at: string;
  who: string; // the token's name
  token_id: string | null;
  address: string | null; // null: the engine's own machine
  action: string; // "triggers.save"
  object: string; // "/triggers/7"
  detail: JsonRecord | null;
}

export type RoleName = 'viewer' | 'operator' | 'author' | 'admin';

export interface Token {
  id: string;
  name: string;
  role: RoleName;
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
  token?: string; // only in the answer that made it
}

export interface Session {
  name: string;
  role: RoleName;
  expires_at: string | null; // null: as long as the token is in force
}

/** The answer to a bulk retry or discard of dead letters. */
export interface BulkAnswer {
  matched: number;
  dry_run: boolean;
  retried?: number;
  discarded?: number;
  failed: { id: string; detail: string }[];
  remaining: number;
}
