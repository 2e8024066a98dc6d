// Dead letters that failed for the same reason, whatever the ids and numbers in their messages.
import type { Execution } from '../../api/types';

export interface ErrorGroup {
  key: string; // what their messages have in common
  sample: string; // the newest message as it was
  executions: Execution[]; // newest first
  workflows: string[];
  newest: string | null;
  oldest: string | null;
}

/** Digits, hexadecimal ids and quoted values vary from one failure to the next: they do not make another error. */
export function commonPart(message: string): string {
  return message
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '…')
    .replace(/"[^"]{0,200}"/g, '"…"')
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/gi, '…')
    .replace(/\b(HTTP|status) (\d{3})\b/g, '$1 <$2>') // a status says what kind of error it is
    .replace(/(?<!<)\b\d+(\.\d+)?\b(?!>)/g, '…')
    .replace(/<(\d{3})>/g, '$1');
}

export function groupByError(executions: Execution[]): ErrorGroup[] {
  const groups = new Map<string, ErrorGroup>();
  for (const execution of executions) {
    const message = execution.error_message ?? 'No message';
    const key = commonPart(message);
    const group = groups.get(key) ?? { key, sample: message, executions: [], workflows: [], newest: execution.created_at, oldest: execution.created_at };
    group.executions.push(execution);
    group.oldest = execution.created_at;
    if (!group.workflows.includes(execution.workflow_id)) group.workflows.push(execution.workflow_id);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.executions.length - a.executions.length);
}
