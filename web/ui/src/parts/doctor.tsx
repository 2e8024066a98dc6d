// What a source's database lacks, looked at when somebody asks, with the SQL that mends it.
import { api, path } from '../api/client';
import { useAction, useMay } from '../api/queries';
import type { Finding, Page } from '../api/types';
import { Remedy } from './copy';
import { Note, ProblemBox } from './notice';
import { Part } from './pane';
import { Status } from './status';
import { counted } from './time';

export function Doctor({ name }: { name: string }) {
  const mayOperate = useMay('operator');
  const look = useAction(() => api.get<Page<Finding>>(path`/sources/${name}/doctor`));
  const findings = look.data?.items ?? [];
  const wrong = findings.filter((finding) => finding.severity !== 'ok');
  return (
    <Part title="What does the database lack?">
      {mayOperate
        ? <div className="row"><button type="button" disabled={look.isPending} onClick={() => { look.mutate(undefined); }}>Ask the doctor</button><span className="muted">It looks at the database itself, now.</span></div>
        : <p className="muted">Asking the doctor needs the role operator.</p>}
      {look.error && <ProblemBox error={look.error} />}
      {look.data && wrong.length === 0 && <Note tone="good"><p>Nothing stands in the way of capture: {counted(findings.length, 'check')} passed.</p></Note>}
      <ul className="stack">
        {wrong.map((finding) => (
          <li key={finding.check} className="stack">
            <div className="row"><Status state={finding.severity === 'error' ? 'failed' : 'degraded'} of="source" word={finding.severity === 'error' ? 'Error' : 'Warning'} /><strong>{finding.check}</strong></div>
            <p>{finding.detail}</p>
            {finding.remedy && <Remedy text={finding.remedy} />}
          </li>
        ))}
      </ul>
    </Part>
  );
}
