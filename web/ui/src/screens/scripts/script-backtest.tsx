// The text in the editor, saved or not, over the journal: as each trigger that names the script would run it.
import { useState } from 'react';
import { BacktestPart } from '../../parts/backtest-part';
import { useUsers } from './users';

export function ScriptBacktest({ name, text }: { name: string; text: string }) {
  const { triggers } = useUsers(name);
  const [chosen, setChosen] = useState<number | undefined>();
  const trigger = triggers.find((each) => each.id === chosen) ?? triggers[0];
  if (!trigger) return null;
  return (
    <>
      {triggers.length > 1 && (
        <div className="field">
          <label htmlFor="backtest-trigger">Trigger to back-test it with</label>
          <select id="backtest-trigger" value={trigger.id} onChange={(change) => { setChosen(Number(change.target.value)); }}>
            {triggers.map((each) => <option key={each.id} value={each.id}>{each.name}</option>)}
          </select>
        </div>
      )}
      <BacktestPart key={trigger.id} body={{ trigger_id: trigger.id, scripts: { [name]: text } }} what={`${trigger.name} with the text in the editor`} stored={false} />
    </>
  );
}
