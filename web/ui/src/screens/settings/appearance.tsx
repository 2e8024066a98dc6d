import { useStored } from '../../parts/stored';
import css from './settings.module.css';

type Theme = 'system' | 'light' | 'dark';
const themes: { value: Theme; name: string }[] = [
  { value: 'system', name: 'As the system' },
  { value: 'light', name: 'Light' },
  { value: 'dark', name: 'Dark' },
];

/** Kept in this browser. public/theme.js reads the same name before anything is drawn. */
export function Appearance() {
  const [theme, setTheme] = useStored<Theme>('theme', 'system');
  const choose = (value: Theme) => {
    setTheme(value);
    if (value === 'system') document.documentElement.removeAttribute('data-theme');
    else document.documentElement.setAttribute('data-theme', value);
  };
  return (
    <section className="card stack">
      <h2>Appearance</h2>
      <fieldset className={css.choices}>
        <legend>Theme</legend>
        {themes.map(({ value, name }) => (
          <label key={value} className="row"><input type="radio" name="theme" checked={theme === value} onChange={() => { choose(value); }} />{name}</label>
        ))}
      </fieldset>
      <p className="muted">Kept in this browser, as are the columns of each table.</p>
    </section>
  );
}
