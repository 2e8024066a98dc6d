// (a) Draining a backlog into the durable journal, against pg_recvlogical into nothing. Both read the same WAL through slots
// made before it was written; the rounds alternate, and the medians are compared.
import { lsnNumber } from './postgres.mjs';
import { until } from './process.mjs';
import { Rowhook, chain, node, postgresConfig } from './rowhook.mjs';
import { median, report } from './report.mjs';

const kinds = [
  { name: 'single-row transactions, trigger with where', rows: 1, config: { where: 'amount < 0' }, least: 1.3, share: 1 },
  { name: '100-row transactions, trigger with where', rows: 100, config: { where: 'amount < 0' }, least: 0.9, share: 1 },
  { name: 'single-row transactions, Lua filter on every event', rows: 1, config: { filter: 'new.amount < 0' }, least: 0.5, share: 1 },
];

function definitions(config) {
  return { workflows: { drain: chain(node('in', 'input'), node('log', 'log', { message: 'never' })) },
    triggers: [{ name: 'never fires', source: 'bench', event_type: 'record_inserted', workflow_id: 'drain', config }] };
}

export async function drain({ postgres, quick }) {
  const rounds = quick ? 1 : 3;
  for (const kind of kinds) {
    const table = `drain_${kinds.indexOf(kind)}`;
    postgres.sql(`CREATE TABLE ${table}(id bigserial PRIMARY KEY, status text, amount numeric(10,2), email text, at timestamptz DEFAULT now())`);
    const engines = [], slots = [];
    postgres.sql(`CREATE PUBLICATION plain_${table} FOR TABLE ${table}`);
    for (let round = 0; round < rounds; ++round) {
      const config = postgresConfig(postgres, [table], {});
      config.connections[0].slot_name = `rowhook_${table}_${round}`;
      config.connections[0].publication_name = `rowhook_${table}_${round}`;
      const engine = await new Rowhook(config, definitions(kind.config)).start();
      await until(async () => (await engine.json('/sources/bench')).state === 'running', 'capture to run');
      await engine.stop();
      engines.push(engine);
      slots.push(`plain_${table}_${round}`);
      postgres.sql(`SELECT pg_create_logical_replication_slot('${slots.at(-1)}', 'pgoutput')`);
    }
    const total = quick ? 20000 : kind.rows === 1 ? 300000 : 1000000;
    const row = `INSERT INTO ${table}(status, amount, email) SELECT 'pending', (random()*1000)::numeric(10,2), 'customer' || i || '@example.com' FROM generate_series(1, ${kind.rows}) i;`;
    postgres.pgbench(['-c', '8', '-j', '2', '-t', String(Math.ceil(total / kind.rows / 8)), '-f', postgres.script(`SET synchronous_commit=off;\n${row}`)]);
    const count = Number(postgres.sql(`SELECT count(*) FROM ${table}`));
    const end = postgres.lsn();
    // A marker behind the end, so that neither reader has to walk other WAL to know that it is there.
    postgres.sql(`INSERT INTO ${table}(status, amount) VALUES ('marker', 1)`);
    const ours = [], theirs = [], memory = [];
    for (let round = 0; round < rounds; ++round) {
      let started = process.hrtime.bigint();
      const reader = postgres.recvlogical(['--start', '-S', slots[round], '-f', '/dev/null', '-o', 'proto_version=1', '-o', `publication_names=plain_${table}`, `--endpos=${end}`, '--no-loop']);
      await reader.done;
      theirs.push(count / (Number(process.hrtime.bigint() - started) / 1e9));
      started = process.hrtime.bigint();
      const engine = await engines[round].start();
      await until(async () => { const at = await engine.position('bench'); return at && lsnNumber(at) >= lsnNumber(end); }, 'the backlog to be journaled', 300, 5);
      ours.push(count / (Number(process.hrtime.bigint() - started) / 1e9));
      const captured = await engine.metric('rowhook_captured_events_total');
      if (captured < count) throw new Error(`${captured} of ${count} changes were journaled`);
      memory.push(engine.peak());
      await engine.stop();
    }
    report('a', `${kind.name}, changes/s`, median(ours), 'pg_recvlogical', median(theirs), median(ours) / median(theirs), { least: kind.least });
    report('e', `${kind.name}, peak MB`, Math.max(...memory), '', null, null, { most: 100 });
    for (const slot of slots) postgres.sql(`SELECT pg_drop_replication_slot('${slot}')`);
    for (let round = 0; round < rounds; ++round) postgres.sql(`SELECT pg_drop_replication_slot('rowhook_${table}_${round}')`);
    postgres.sql(`DROP TABLE ${table} CASCADE`);
  }
}
