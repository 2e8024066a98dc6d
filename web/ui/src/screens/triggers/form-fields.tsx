// The settings of a trigger, grouped as one thinks of them: what it is, when it fires, what it does with the row, what runs.
import type { FieldProblem } from '../../api/client';
import { useList, useRead } from '../../api/queries';
import type { Script, ScriptLibrary, Source, Workflow } from '../../api/types';
import { columnsOf } from '../../code/completions';
import { listOf, pointerOf, type Draft, type Setting } from './draft';
import { ChoiceField, CodeSetting, ListField, TextField } from './fields';
import css from './triggers.module.css';

type Column = Exclude<keyof Draft, 'config' | 'is_active'>;

export interface Form {
  draft: Draft;
  set: (name: Column | 'is_active', value: string | boolean) => void;
  setConfig: (name: Setting, value: string) => void;
  problem: (pointer: string) => FieldProblem | undefined;
  webhook: boolean; // a new one with an address in place of a workflow
  setWebhook: (on: boolean) => void;
  canChooseWebhook: boolean;
}

const eventTypes = ['record_inserted', 'record_updated', 'record_deleted', 'table_truncated', 'schema_changed', 'database_error', 'capture_gap'];

function useBind(form: Form) {
  return {
    column: (name: Column) => ({ value: form.draft[name], problem: form.problem('/' + name), onChange: (value: string) => { form.set(name, value); } }),
    setting: (name: Setting) => ({ value: form.draft.config[name], problem: form.problem(pointerOf(name)), onChange: (value: string) => { form.setConfig(name, value); } }),
  };
}

export function FormFields({ form }: { form: Form }) {
  const { draft } = form;
  const { column } = useBind(form);
  const sources = useList<Source>(['sources'], '/sources').items;
  return (
    <>
      <fieldset className={css.group}>
        <legend>What it is</legend>
        <TextField label="Name" {...column('name')} placeholder="Order paid" />
        <TextField label="Description" {...column('description')} placeholder="For people: what happens, and who asked for it" />
        <label className="row"><input type="checkbox" checked={draft.is_active} onChange={(change) => { form.set('is_active', change.target.checked); }} />Active: it fires as soon as it is saved</label>
      </fieldset>
      <fieldset className={css.group}>
        <legend>When it fires</legend>
        <div className={css.pair}>
          <TextField label="Source" {...column('source')} suggest={sources.map((each) => each.name)} placeholder={sources[0]?.name ?? 'main-postgres'} />
          <TextField label="Event" {...column('event_type')} suggest={eventTypes} mono />
        </div>
        <Conditions form={form} />
      </fieldset>
      <WhatRuns form={form} />
      <Settings form={form} />
    </>
  );
}

function Conditions({ form }: { form: Form }) {
  const { draft } = form;
  const { setting } = useBind(form);
  const known = useRead<ScriptLibrary>(['library', draft.source], '/scripts/library', { source: draft.source }, { when: draft.source !== '' }).data;
  const scripts = useList<Script>(['scripts'], '/scripts', {}, { limit: 1000 }).items.map((each) => each.name);
  const tables = known?.tables ?? [];
  const globs = listOf(draft.config.tables);
  const columns = known ? columnsOf(known, globs).map((each) => each.label) : [];
  const about = { source: draft.source, tables: globs };
  return (
    <>
      <ListField label="Tables" {...setting('tables')} suggest={tables.map((each) => each.name)} placeholder="all" doc="Names or globs (* and ?), with commas between them." />
      {draft.event_type === 'record_updated' && <ListField label="Changed columns" {...setting('changed')} suggest={columns} placeholder="any" doc="Fires only when one of these changed." />}
      <CodeSetting label="Condition" language="condition" about={about} {...setting('where')} placeholder="status = 'paid' AND total_amount > 100" doc="Like a WHERE clause over the new row; old.status is the value before." />
      <CodeSetting label="Filter (Lua)" language="lua" kind="filter" about={about} {...setting('filter')} placeholder='new.status == "paid" and old.status ~= "paid"' doc="true lets the event pass." />
      <TextField label="Filter: a stored script" {...setting('filter_script')} suggest={scripts} mono />
      <CodeSetting label="Transform (Lua)" language="lua" kind="transform" about={about} {...setting('transform')} placeholder="return { order_id = new.id }" doc="What it returns is what the workflow starts with; nil drops the event." />
      <TextField label="Transform: a stored script" {...setting('transform_script')} suggest={scripts} mono />
    </>
  );
}

function WhatRuns({ form }: { form: Form }) {
  const { draft, webhook } = form;
  const { column, setting } = useBind(form);
  const workflows = useList<Workflow>(['workflows'], '/workflows', {}, { limit: 1000 }).items;
  const nodes = workflows.find((each) => each.id === draft.workflow_id)?.nodes ?? [];
  return (
    <fieldset className={css.group}>
      <legend>What runs</legend>
      {form.canChooseWebhook && (
        <div className="row" role="radiogroup" aria-label="What runs">
          <label className="row"><input type="radio" name="runs" checked={!webhook} onChange={() => { form.setWebhook(false); }} />A workflow</label>
          <label className="row"><input type="radio" name="runs" checked={webhook} onChange={() => { form.setWebhook(true); }} />A webhook</label>
        </div>
      )}
      {!webhook && (
        <div className={css.pair}>
          <TextField label="Workflow" {...column('workflow_id')} suggest={workflows.map((each) => each.id)} />
          <TextField label="Starts at" {...column('target_node_id')} suggest={nodes.map((each) => each.node_id)} placeholder="its first input node" />
        </div>
      )}
      {(webhook || draft.config.endpoint !== '') && (
        <>
          <TextField label="Address" {...setting('endpoint')} placeholder="https://example.com/hooks/orders" doc="Each event is sent there; failures are tried again." />
          <div className={css.pair}>
            <TextField label="Secret" {...setting('secret')} secret doc="Signs the webhook; it is never shown again." />
            <ChoiceField label="Body" {...setting('format')} choices={[['', 'as it is set'], ['json', 'json'], ['cloudevents', 'cloudevents'], ['debezium', 'debezium']]} />
          </div>
        </>
      )}
    </fieldset>
  );
}

function Settings({ form }: { form: Form }) {
  const { setting } = useBind(form);
  return (
    <fieldset className={css.group}>
      <legend>Order and retries</legend>
      <ChoiceField label="Order" {...setting('ordering')} choices={[['', 'changes of one row, one after another (the default)'], ['key', 'changes of one row, one after another'], ['source', 'everything of the source, one after another'], ['none', 'none']]} />
      <div className={css.pair}>
        <TextField label="Retries" {...setting('retry.max_retries')} numeric placeholder="as configured" />
        <TextField label="First wait, seconds" {...setting('retry.retry_delay_seconds')} numeric placeholder="as configured" />
        <ChoiceField label="Waits double" {...setting('retry.exponential_backoff')} choices={[['', 'as configured'], ['true', 'yes'], ['false', 'no']]} />
        <TextField label="Longest wait, seconds" {...setting('retry.max_delay_seconds')} numeric placeholder="as configured" />
      </div>
    </fieldset>
  );
}
