import { useCallback, useState } from 'react';

export function readStored<T>(name: string, fallback: T): T {
  try {
    const text = localStorage.getItem('rowhook.' + name);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

/** Like useState, kept in this browser under a name. */
export function useStored<T>(name: string, fallback: T): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => readStored(name, fallback));
  const set = useCallback((next: T) => {
    setValue(next);
    try {
      localStorage.setItem('rowhook.' + name, JSON.stringify(next));
    } catch {
      return; // private mode without storage: kept until the page is closed
    }
  }, [name]);
  return [value, set];
}
