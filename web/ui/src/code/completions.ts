// What is offered at a place of a text: the library as the server declares it, and the columns of the tables.
import type { ScriptLibrary } from '../api/types';

export type Language = 'lua' | 'sql' | 'condition';

export interface Offer {
  label: string;
  detail: string; // "number", "(s, separator)"
  info: string; // what it is, for reading
  type: 'function' | 'variable' | 'namespace' | 'property' | 'keyword';
}

export interface Offers {
  offers: Offer[];
  replaces: number; // how many of the last characters an offer takes the place of
}

/** What may follow the word before the cursor with its dots: "new.st", "text". */
export type Completer = (written: string) => Offers;

const luaKeywords = ['and', 'break', 'do', 'else', 'elseif', 'end', 'false', 'for', 'function', 'if', 'in', 'local', 'nil', 'not', 'or', 'repeat', 'return', 'then', 'true', 'until', 'while'];
export const conditionKeywords = ['AND', 'OR', 'NOT', 'IN', 'LIKE', 'ESCAPE', 'BETWEEN', 'IS', 'DISTINCT', 'FROM', 'NULL', 'TRUE', 'FALSE'];
export const sqlKeywords = [
  ...conditionKeywords, 'SELECT', 'INSERT', 'INTO', 'VALUES', 'UPDATE', 'SET', 'DELETE', 'WHERE', 'JOIN', 'LEFT', 'INNER', 'ON', 'AS', 'GROUP', 'BY', 'ORDER', 'HAVING', 'LIMIT', 'OFFSET',
  'RETURNING', 'CONFLICT', 'DO', 'NOTHING', 'DUPLICATE', 'KEY', 'WITH', 'UNION', 'ALL', 'EXISTS', 'CASE', 'WHEN', 'THEN', 'ELSE', 'END', 'ASC', 'DESC', 'DEFAULT', 'CAST', 'COALESCE',
];

/** Whether a glob of a trigger's `tables` means this table. */
export function matchesTable(glob: string, table: string): boolean {
  const pattern = glob.split('.').at(-1) ?? glob;
  return new RegExp('^' + pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.') + '$').test(table);
}

/** The columns of the tables that the globs mean; of all where they mean none that is known. */
export function columnsOf(library: ScriptLibrary, globs: readonly string[]): Offer[] {
  const own = library.tables.filter((each) => globs.some((glob) => matchesTable(glob, each.name)));
  const offers = new Map<string, Offer>();
  for (const each of own.length > 0 ? own : library.tables)
    for (const column of each.columns)
      if (!offers.has(column.name)) offers.set(column.name, { label: column.name, detail: column.lua_type, info: `${each.name}.${column.name} ${column.type}`, type: 'property' });
  return [...offers.values()];
}

const words = (keywords: string[]): Offer[] => keywords.map((label) => ({ label, detail: '', info: '', type: 'keyword' }));

function inLua(owner: string, library: ScriptLibrary, globs: readonly string[]): Offer[] {
  if (owner === 'new' || owner === 'old') return columnsOf(library, globs);
  if (owner === 'changed') return columnsOf(library, globs).map((each) => ({ ...each, detail: 'boolean' }));
  const offers = library.entries
    .filter((each) => each.library === owner)
    .map((each): Offer => ({ label: each.member, detail: each.kind === 'function' ? each.form.slice(each.name.length) : each.returns, info: each.doc, type: each.kind === 'function' ? 'function' : 'variable' }));
  if (owner !== '') return offers;
  const namespaces = [...new Set(library.entries.map((each) => each.library).filter((name) => name !== '' && !name.includes('.')))]
    .filter((name) => !offers.some((each) => each.label === name))
    .map((label): Offer => ({ label, detail: 'library', info: '', type: 'namespace' }));
  return [...offers, ...namespaces, ...words(luaKeywords)];
}

const typed = (columns: Offer[]): Offer[] => columns.map((each) => ({ ...each, detail: each.info.split(' ').slice(1).join(' ').toLowerCase() }));

function inCondition(owner: string, library: ScriptLibrary, globs: readonly string[]): Offer[] {
  if (owner === 'new' || owner === 'old') return typed(columnsOf(library, globs));
  if (owner !== '') return [];
  const sides: Offer[] = [{ label: 'old', detail: 'before', info: 'The row before the change: old.status', type: 'namespace' }, { label: 'new', detail: 'after', info: 'The row after it, which is meant without a word in front as well', type: 'namespace' }];
  return [...typed(columnsOf(library, globs)), ...sides, ...words(conditionKeywords)];
}

function inSql(owner: string, library: ScriptLibrary): Offer[] {
  if (owner !== '') return library.tables.some((each) => each.name === owner) ? typed(columnsOf(library, [owner])) : [];
  const tables = library.tables.map((each): Offer => ({ label: each.name, detail: 'table', info: each.columns.map((column) => column.name).join(', '), type: 'namespace' }));
  return [...tables, ...typed(columnsOf(library, [])), ...words(sqlKeywords)];
}

/** What may follow `written`. `globs`: the tables whose rows it is about; none: any. */
export function offersFor(language: Language, written: string, library: ScriptLibrary | undefined, globs: readonly string[]): Offers {
  const dot = written.lastIndexOf('.');
  const owner = dot < 0 ? '' : written.slice(0, dot);
  const replaces = written.length - dot - 1;
  if (!library) return { offers: [], replaces };
  return { offers: language === 'lua' ? inLua(owner, library, globs) : language === 'condition' ? inCondition(owner, library, globs) : inSql(owner, library), replaces };
}
