import { Icon } from '../parts/icon';
import { useShortcutList } from '../parts/shortcuts';
import css from './frame.module.css';
import { Overlay } from './overlay';

/** The keys that are taken right now, on this screen. */
export function ShortcutList({ onClose }: { onClose: () => void }) {
  const shortcuts = useShortcutList();
  const groups = new Map<string, Map<string, string[]>>();
  for (const { keys, label, group } of shortcuts) {
    const lines = groups.get(group) ?? new Map<string, string[]>();
    lines.set(label, [...new Set([...(lines.get(label) ?? []), keys])]);
    groups.set(group, lines);
  }
  return (
    <Overlay label="Keyboard shortcuts" onClose={onClose}>
      <div className={css.sheetHead}>
        <h2 className="grow">Keyboard shortcuts</h2>
        <button type="button" className="plain icon" aria-label="Close" onClick={onClose}><Icon name="close" /></button>
      </div>
      <div className={css.sheetBody} tabIndex={0} role="group" aria-label="Keyboard shortcuts">
        <div className={css.keys}>
          {[...groups].map(([group, lines]) => (
            <section key={group}>
              <h3>{group}</h3>
              <ul>
                {[...lines].map(([label, keys]) => (
                  <li key={label}>
                    <span>{label}</span>
                    <span>{keys.map((each, index) => <span key={each}>{index > 0 && ' or '}{each.split(' ').map((key) => <kbd key={key}>{key}</kbd>)}</span>)}</span>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
      </div>
    </Overlay>
  );
}
