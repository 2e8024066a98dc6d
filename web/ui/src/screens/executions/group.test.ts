import { expect, test } from 'vitest';
import type { Execution } from '../../api/types';
import { commonPart, groupByError } from './group';

const execution = (id: string, error: string, workflow = 'w'): Execution => ({
  id, trigger_id: 1, trigger_revision: 1, workflow_id: workflow, event_id: null, seq: 1, source: null, event_type: null, table: null, key: null,
  target_node_id: null, status: 'dead_letter', attempt: 1, error_message: error, created_at: id, started_at: null, finished_at: null, execution_time_ms: null,
});

test('numbers and ids do not make another error, a status does', () => {
  expect(commonPart('order 17 has no customer 4711')).toBe(commonPart('order 18 has no customer 4712'));
  expect(commonPart('key deadbeef01 is gone')).toBe(commonPart('key 0123456789 is gone'));
  expect(commonPart('the endpoint answered HTTP 503 after 12 ms')).toBe(commonPart('the endpoint answered HTTP 503 after 2 ms'));
  expect(commonPart('the endpoint answered HTTP 503')).not.toBe(commonPart('the endpoint answered HTTP 404'));
});

test('the largest group stands first and knows its span', () => {
  const groups = groupByError([execution('3', 'order 3 is bad'), execution('2', 'nothing answers'), execution('1', 'order 1 is bad', 'v')]);
  expect(groups.map((group) => group.executions.length)).toEqual([2, 1]);
  expect(groups[0]).toMatchObject({ sample: 'order 3 is bad', workflows: ['w', 'v'], newest: '3', oldest: '1' });
});
