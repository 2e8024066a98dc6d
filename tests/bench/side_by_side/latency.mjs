// (c) Commit to start of the first node at 1000 transactions a second, and what capture costs the application.
import { stop, until } from './process.mjs';
import { Rowhook, chain, node, postgresConfig } from './rowhook.mjs';
import { median, percentile, report } from './report.mjs';

const tps = (text) => Number(/tps = ([\d.]+)/.exec(text)[1]);

export async function latency({ postgres, quick }) {
  const seconds = quick ? 3 : 15;
  postgres.sql('CREATE TABLE paced(id bigserial PRIMARY KEY, status text, amount numeric(10,2))');
  const engine = await new Rowhook(postgresConfig(postgres, ['paced'], {}), {
    workflows: { bench: chain(node('in', 'input'), node('log', 'log', { level: 'debug', message: '{{ new.id }}' })) },
    triggers: [{ name: 'each row', source: 'bench', event_type: 'record_inserted', workflow_id: 'bench', config: {} }] }).start();
  await until(async () => (await engine.json('/sources/bench')).state === 'running', 'capture to run');
  const insert = postgres.script("INSERT INTO paced(status, amount) VALUES ('paid', 10.5);");
  postgres.pgbench(['-c', '4', '-j', '1', '-T', String(seconds), '-R', '1000', '-f', insert]);
  const total = Number(postgres.sql('SELECT count(*) FROM paced'));
  await until(async () => (await engine.metric('rowhook_execution_rows_total')) >= total, 'the executions');
  const started = new Map(), times = [];
  const micros = (text) => { const [, whole, fraction] = /^(.*)\.(\d{6})Z$/.exec(text); return Date.parse(`${whole}Z`) * 1000 + Number(fraction); };
  const wanted = Math.min(total, quick ? 1000 : 10000);
  for (let cursor = ''; started.size < wanted;) {
    const page = await engine.json(`/executions?limit=1000${cursor}`);
    for (const execution of page.items) started.set(execution.event_id, micros(execution.started_at));
    if (!page.next_cursor) break;
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
  }
  for (let cursor = '', seen = 0; seen < wanted;) {
    const page = await engine.json(`/events?limit=1000${cursor}`);
    for (const event of page.items) {
      ++seen;
      if (started.has(event.event_id)) times.push((started.get(event.event_id) - micros(event.timestamp)) / 1000);
    }
    if (!page.next_cursor) break;
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
  }
  report('c', `commit to first node, ms, p50 of ${times.length}`, percentile(times, 0.5), '', null, null, { most: 3 });
  report('c', `commit to first node, ms, p99 of ${times.length}`, percentile(times, 0.99), '', null, null, { most: 15 });
  await applicationShare(postgres, engine, insert, quick);
  await engine.stop();
  postgres.sql("SELECT pg_drop_replication_slot('rowhook_bench')");
  postgres.sql('DROP TABLE paced CASCADE');
}

// An application that writes as fast as it can: alone, with pg_recvlogical reading into nothing, and under capture with an
// execution for every row. The rounds alternate, and the medians are compared.
async function applicationShare(postgres, engine, insert, quick) {
  const application = () => tps(postgres.pgbench(['-c', '4', '-j', '1', '-T', quick ? '2' : '6', '-f', insert]));
  postgres.sql('CREATE PUBLICATION plain_paced FOR TABLE paced');
  const rows = () => Number(postgres.sql('SELECT count(*) FROM paced'));
  const alone = [], read = [], captured = [];
  for (let round = 0; round < (quick ? 1 : 5); ++round) {
    await engine.stop();
    const before = rows();
    alone.push(application());
    postgres.sql("SELECT pg_create_logical_replication_slot('plain_paced', 'pgoutput')");
    const reader = postgres.recvlogical(['--start', '-S', 'plain_paced', '-f', '/dev/null', '-o', 'proto_version=1', '-o', 'publication_names=plain_paced']);
    await until(() => postgres.sql("SELECT active FROM pg_replication_slots WHERE slot_name = 'plain_paced'") === 't', 'pg_recvlogical to read');
    read.push(application());
    await stop(reader);
    await until(() => postgres.sql("SELECT active FROM pg_replication_slots WHERE slot_name = 'plain_paced'") === 'f', 'pg_recvlogical to end');
    postgres.sql("SELECT pg_drop_replication_slot('plain_paced')");
    await engine.start();
    const backlog = rows() - before;
    await until(async () => (await engine.metric('rowhook_execution_rows_total')) >= backlog, 'the executions of the backlog', 300, 100);
    captured.push(application());
  }
  report('c', "application's transactions/s under capture", median(captured), 'alone', median(alone), median(captured) / median(alone), { least: 0.7 });
  report('c', "application's transactions/s under capture", median(captured), 'pg_recvlogical reading', median(read), median(captured) / median(read));
}
