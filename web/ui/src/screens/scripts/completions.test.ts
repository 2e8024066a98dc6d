import { expect, test } from 'vitest';
import type { ScriptLibrary } from '../../api/types';
import { offersFor } from './completions';

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
const names = (written: string, table?: string) => offersFor(written, library, table).offers.map((each) => each.label);

test('after the row, its columns: of the table when it is known, of all when it is not', () => {
  expect(names('new.st', 'orders')).toEqual(['id', 'status']);
  expect(names('old.')).toEqual(['id', 'status', 'product_id']);
  expect(offersFor('new.st', library, 'orders').replaces).toBe(2);
  expect(offersFor('changed.', library, 'orders').offers[0]?.detail).toBe('boolean');
});

test('after a library, its members; elsewhere what stands alone, libraries and keywords', () => {
  expect(offersFor('text.t', library, undefined).offers).toEqual([{ label: 'trim', detail: '(s)', info: 'Without spaces around it.', type: 'function' }]);
  expect(names('')).toEqual(expect.arrayContaining(['new', 'text', 'return']));
  expect(names('nothing.')).toEqual([]);
});
