// What is offered at a place of a script: the library as the server declares it, and the columns of the tables.
import type { ScriptLibrary } from '../../api/types';

export interface Offer {
  label: string;
  detail: string; // "number", "(s, separator)"
  info: string; // what it is, for reading
  type: 'function' | 'variable' | 'namespace' | 'property' | 'keyword';
}

const keywords = ['and', 'break', 'do', 'else', 'elseif', 'end', 'false', 'for', 'function', 'if', 'in', 'local', 'nil', 'not', 'or', 'repeat', 'return', 'then', 'true', 'until', 'while'];
const rows = new Set(['new', 'old', 'changed']);

/**
 * What may follow `written`, the word before the cursor with its dots ("new.st", "text"), and how many of its last characters an
 * offer replaces. `table`: the one that the event is of; undefined: any.
 */
export function offersFor(written: string, library: ScriptLibrary | undefined, table: string | undefined): { offers: Offer[]; replaces: number } {
  const dot = written.lastIndexOf('.');
  const owner = dot < 0 ? '' : written.slice(0, dot);
  const replaces = written.length - dot - 1;
  if (!library) return { offers: [], replaces };
  if (rows.has(owner)) return { offers: columnsOf(library, table, owner === 'changed'), replaces };
  const offers = library.entries
    .filter((each) => each.library === owner)
    .map((each): Offer => ({ label: each.member, detail: each.kind === 'function' ? each.form.slice(each.name.length) : each.returns, info: each.doc, type: each.kind === 'function' ? 'function' : 'variable' }));
  if (owner !== '') return { offers, replaces };
  const namespaces = [...new Set(library.entries.map((each) => each.library).filter((name) => name !== '' && !name.includes('.')))]
    .filter((name) => !offers.some((each) => each.label === name))
    .map((label): Offer => ({ label, detail: 'library', info: '', type: 'namespace' }));
  return { offers: [...offers, ...namespaces, ...keywords.map((label): Offer => ({ label, detail: '', info: '', type: 'keyword' }))], replaces };
}

function columnsOf(library: ScriptLibrary, table: string | undefined, asFlags: boolean): Offer[] {
  const own = library.tables.filter((each) => each.name === table);
  const offers = new Map<string, Offer>();
  for (const each of own.length > 0 ? own : library.tables)
    for (const column of each.columns)
      if (!offers.has(column.name)) offers.set(column.name, { label: column.name, detail: asFlags ? 'boolean' : column.lua_type, info: `${each.name}.${column.name} ${column.type}`, type: 'property' });
  return [...offers.values()];
}
