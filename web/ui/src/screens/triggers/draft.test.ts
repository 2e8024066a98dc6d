import { expect, test } from 'vitest';
import { bodyOf, differences, draftOf, listOf, pointerOf } from './draft';

const stored = {
  name: 'Order paid', description: '', source: 'shop', event_type: 'record_updated', workflow_id: 'w', target_node_id: null, is_active: true,
  config: { tables: ['orders', 'order_*'], where: "status = 'paid'", retry: { max_retries: 3, exponential_backoff: false }, secret: '***' },
};

test('what was not touched is sent back as it came', () => {
  expect(bodyOf(draftOf(stored), stored.config)).toEqual(stored);
});

test('an emptied setting goes away, and so does an emptied group of them', () => {
  const draft = draftOf(stored);
  draft.config.where = ' ';
  draft.config['retry.max_retries'] = '';
  draft.config['retry.exponential_backoff'] = '';
  expect(bodyOf(draft, stored.config)['config']).toEqual({ tables: ['orders', 'order_*'], secret: '***' });
});

test('a setting that the form does not know is kept', () => {
  expect(bodyOf(draftOf(stored), { ...stored.config, later: [1] })['config']).toHaveProperty('later', [1]);
});

test('what is no number is left to the server to refuse', () => {
  const draft = draftOf({});
  draft.config['retry.max_retries'] = 'three';
  draft.config['retry.retry_delay_seconds'] = '0.5';
  expect(bodyOf(draft)['config']).toEqual({ retry: { max_retries: 'three', retry_delay_seconds: 0.5 } });
});

test('lists are written with commas or on lines', () => {
  expect(listOf(' orders,\ninventory , ')).toEqual(['orders', 'inventory']);
  expect(pointerOf('retry.max_retries')).toBe('/config/retry/max_retries');
});

test('what differs is named by its setting, and what is equal is left out', () => {
  const theirs = { ...stored, description: 'Theirs', config: { ...stored.config, where: undefined as never, tables: ['orders'] } };
  expect(differences(theirs, { ...stored }).map((each) => each.name)).toEqual(['description', 'config.tables', 'config.where']);
});
