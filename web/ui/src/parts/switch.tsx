import css from './switch.module.css';

interface Props {
  on: boolean;
  label: string; // "Trigger Order status changed is active"
  disabled?: boolean;
  onChange: (on: boolean) => void;
}

/** An on/off switch, for what takes effect at once. */
export function Switch({ on, label, disabled = false, onChange }: Props) {
  return (
    <button type="button" role="switch" aria-checked={on} aria-label={label} title={label} disabled={disabled} className={css.switch} onClick={(click) => { click.stopPropagation(); onChange(!on); }}>
      <span className={css.knob} />
    </button>
  );
}
