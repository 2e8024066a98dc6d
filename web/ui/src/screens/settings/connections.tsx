// Every connection with what the doctor finds in its database.
import { Link } from 'wouter';
import { useList } from '../../api/queries';
import type { Source } from '../../api/types';
import { CodeBlock, Remedy } from '../../parts/copy';
import { Doctor } from '../../parts/doctor';
import { ProblemBox } from '../../parts/notice';
import { Status } from '../../parts/status';
import { lagText } from '../../parts/time';

export function Connections() {
  const list = useList<Source>(['sources'], '/sources', {}, { every: 2_000 });
  return (
    <>
      {list.error && <ProblemBox error={list.error} />}
      {list.items.map((source) => <Connection key={source.name} source={source} />)}
      <section className="card stack">
        <h2>Add or change a connection</h2>
        <p>Connections and the tables that are watched stand in the configuration file. Before a start with the changed file, these say what is wrong in it, and what the databases lack:</p>
        <CodeBlock what="the commands" text={'rowhook config check rowhook.json\nrowhook doctor --config rowhook.json'} />
        {!list.loading && list.items.length === 0 && <p className="muted">No connection is configured. <Link href="/sources">An example</Link> stands where the sources will be.</p>}
      </section>
    </>
  );
}

function Connection({ source }: { source: Source }) {
  return (
    <section className="card stack" aria-label={`Connection ${source.name}`}>
      <div className="row"><h2 className="grow"><Link href={`/sources/${encodeURIComponent(source.name)}`}>{source.name}</Link></h2><Status of="source" state={source.state} /></div>
      <p className="muted">{source.reason ?? lagText(source.lag_seconds)}</p>
      {source.remedy && <Remedy text={source.remedy} />}
      <Doctor name={source.name} />
    </section>
  );
}
