import { expect, test } from 'vitest';
import type { ScriptLibrary } from '../api/types';
import { matchesTable, offersFor } from './completions';
import { placeIn } from './use-checks';

const column = (name: string, type: string, lua_type: string) => ({ name, type, lua_type });
const library: ScriptLibrary = {
  entries: [
    { name: 'new', library: '', member: 'new', kind: 'value', form: 'rowhook.row?', returns: 'rowhook.row?', doc: 'The row after the change.' },
    { name: 'text.trim', library: 'text', member: 'trim', kind: 'function', form: 'text.trim(s)', returns: 'string', doc: 'Without spaces around it.' },
  ],
  tables: [
    { name: 'orders', columns: [column('id', 'INTEGER', 'number'), column('status', 'TEXT', 'string')] },
    { name: 'inventory', columns: [column('product_id', 'INTEGER', 'number')] },
  ],
};
const names = (written: string, ...tables: string[]) => offersFor('lua', written, library, tables).offers.map((each) => each.label);

test('after the row, its columns: of the table when it is known, of all when it is not', () => {
  expect(names('new.st', 'orders')).toEqual(['id', 'status']);
  expect(names('old.')).toEqual(['id', 'status', 'product_id']);
  expect(offersFor('lua', 'new.st', library, ['orders']).replaces).toBe(2);
  expect(offersFor('lua', 'changed.', library, ['orders']).offers[0]?.detail).toBe('boolean');
});

test('after a library, its members; elsewhere what stands alone, libraries and keywords', () => {
  expect(offersFor('lua', 'text.t', library, []).offers).toEqual([{ label: 'trim', detail: '(s)', info: 'Without spaces around it.', type: 'function' }]);
  expect(names('')).toEqual(expect.arrayContaining(['new', 'text', 'return']));
  expect(names('nothing.')).toEqual([]);
});

test('a condition is offered columns with their types, and what goes between them', () => {
  const offered = offersFor('condition', 'st', library, ['ord*']).offers;
  expect(offered.find((each) => each.label === 'status')).toMatchObject({ detail: 'text' });
  expect(offered.map((each) => each.label)).toEqual(expect.arrayContaining(['old', 'AND', 'BETWEEN']));
  expect(offered.some((each) => each.label === 'product_id')).toBe(false);
  expect(offersFor('condition', 'old.', library, ['orders']).offers.map((each) => each.label)).toEqual(['id', 'status']);
});

test('SQL is offered tables, and after a table its columns', () => {
  expect(offersFor('sql', 'inv', library, []).offers.map((each) => each.label)).toEqual(expect.arrayContaining(['inventory', 'status', 'RETURNING']));
  expect(offersFor('sql', 'inventory.', library, []).offers.map((each) => each.label)).toEqual(['product_id']);
  expect(offersFor('sql', 'alias.', library, []).offers).toEqual([]);
});

test('a glob means tables by their name, with or without a schema', () => {
  expect(matchesTable('order*', 'orders')).toBe(true);
  expect(matchesTable('public.order?', 'orders')).toBe(true);
  expect(matchesTable('order.', 'orders')).toBe(false);
  expect(matchesTable('orders', 'order_items')).toBe(false);
});

test('what is wrong with a condition stands at the byte that the server names', () => {
  expect(placeIn("name = 'é'\nAND", 'column 15: expected a column')).toMatchObject([{ line: 2, column: 3 }]);
  expect(placeIn('status =', 'is too long')).toEqual([]);
});
