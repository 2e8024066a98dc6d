// Filters as chips, kept in the URL: a filtered list is a link.
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { Icon } from './icon';
import css from './filters.module.css';

export interface FilterField {
  name: string; // of the query parameter, here and in the API
  label: string;
  choices?: { value: string; label: string }[]; // fixed values
  suggest?: string[]; // offered while typing
}

export type FilterValues = Record<string, string>;

/** The filters set in the URL, of those that the screen knows. */
export function useFilters(fields: readonly FilterField[]): [FilterValues, (name: string, value: string | undefined) => void] {
  const [params, setParams] = useSearchParams();
  const values: FilterValues = {};
  for (const field of fields) {
    const value = params.get(field.name);
    if (value) values[field.name] = value;
  }
  const set = (name: string, value: string | undefined) => {
    setParams((before) => {
      const next = new URLSearchParams(before);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    }, { replace: true });
  };
  return [values, set];
}

interface Props {
  fields: readonly FilterField[];
  values: FilterValues;
  onChange: (name: string, value: string | undefined) => void;
}

export function FilterBar({ fields, values, onChange }: Props) {
  const [adding, setAdding] = useState<FilterField | undefined>();
  const rest = fields.filter((field) => values[field.name] === undefined);
  return (
    <div className={css.bar} role="group" aria-label="Filters">
      {fields.map((field) => {
        const value = values[field.name];
        if (value === undefined) return null;
        const shown = field.choices?.find((choice) => choice.value === value)?.label ?? value;
        return (
          <span key={field.name} className={css.chip}>
            <button type="button" className={css.text} onClick={() => { setAdding(field); }}>{field.label}: <strong>{shown}</strong></button>
            <button type="button" className={css.remove} aria-label={`Remove the filter ${field.label}`} onClick={() => { onChange(field.name, undefined); }}>
              <Icon name="close" size={12} />
            </button>
          </span>
        );
      })}
      {adding ? (
        <FilterInput
          key={adding.name} field={adding} value={values[adding.name] ?? ''}
          onDone={(value) => {
            if (value !== undefined) onChange(adding.name, value || undefined);
            setAdding(undefined);
          }}
        />
      ) : (
        rest.length > 0 && (
          <label className={css.add}>
            <Icon name="plus" size={14} />
            <span aria-hidden="true">Filter</span>
            <select
              aria-label="Add a filter" value=""
              onChange={(change) => { setAdding(fields.find((field) => field.name === change.target.value)); }}
            >
              <option value="" disabled>Filter by</option>
              {rest.map((field) => <option key={field.name} value={field.name}>{field.label}</option>)}
            </select>
          </label>
        )
      )}
    </div>
  );
}

function FilterInput({ field, value, onDone }: { field: FilterField; value: string; onDone: (value: string | undefined) => void }) {
  const [text, setText] = useState(value);
  if (field.choices)
    return (
      <select autoFocus aria-label={field.label} value={value} onChange={(change) => { onDone(change.target.value); }} onBlur={() => { onDone(undefined); }}>
        <option value="">{field.label}: any</option>
        {field.choices.map((choice) => <option key={choice.value} value={choice.value}>{choice.label}</option>)}
      </select>
    );
  const list = `suggest-${field.name}`;
  return (
    <form className="row" onSubmit={(submit) => { submit.preventDefault(); onDone(text.trim()); }}>
      <input
        autoFocus aria-label={field.label} placeholder={field.label} value={text} list={list}
        onChange={(change) => { setText(change.target.value); }}
        onKeyDown={(key) => { if (key.key === 'Escape') onDone(undefined); }}
        onBlur={() => { onDone(text.trim() === value ? undefined : text.trim()); }}
      />
      <datalist id={list}>{field.suggest?.map((each) => <option key={each} value={each} />)}</datalist>
    </form>
  );
}
