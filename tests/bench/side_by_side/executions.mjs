// (b) Executions per second of input -> Lua filter -> Lua transform -> log: from captured rows, and from posted events
// against Node-RED answering the same flow.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, peakMemory, run, start, stop, tempDir, until } from './process.mjs';
import { Rowhook, chain, node, postgresConfig } from './rowhook.mjs';
import { report } from './report.mjs';

const flow = chain(node('in', 'input'), node('paid', 'filter', { filter: 'new.status == "paid"' }),
  node('shape', 'transform', { transform: 'return { order_id = new.id, total = new.amount, big = new.amount > 100 }' }),
  node('out', 'log', { level: 'debug', message: 'order {{ item.order_id }}' }));

async function fromRows(postgres, quick) {
  const total = quick ? 5000 : 200000;
  postgres.sql('CREATE TABLE runs(id bigserial PRIMARY KEY, status text, amount numeric(10,2), email text)');
  const engine = new Rowhook(postgresConfig(postgres, ['runs'], {}), { workflows: { bench: flow },
    triggers: [{ name: 'each row', source: 'bench', event_type: 'record_inserted', workflow_id: 'bench', config: {} }] });
  await engine.start();
  await until(async () => (await engine.json('/sources/bench')).state === 'running', 'capture to run');
  await engine.stop();
  postgres.pgbench(['-c', '8', '-j', '2', '-t', String(total / 8), '-f', postgres.script(`SET synchronous_commit=off;\nINSERT INTO runs(status, amount, email) VALUES ('paid', (random()*1000)::numeric(10,2), 'customer@example.com');`)]);
  const started = process.hrtime.bigint();
  await engine.start();
  await until(async () => (await engine.metric('rowhook_execution_rows_total')) >= total, 'the executions', 300, 20);
  const rate = total / (Number(process.hrtime.bigint() - started) / 1e9);
  report('b', 'executions/s from captured rows', rate, '', null, null, { least: 30000 });
  report('e', 'executions from captured rows, peak MB', engine.peak(), '', null, null, { most: 100 });
  await engine.stop();
  postgres.sql("SELECT pg_drop_replication_slot('rowhook_bench')");
  postgres.sql('DROP TABLE runs CASCADE');
}

// Requests per second that wrk sees. `body` is posted by 64 connections.
export function wrkPosts(url, { body, token, seconds = 10, connections = 64, path }) {
  const directory = tempDir();
  const script = join(directory, 'post.lua');
  const headers = { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  writeFileSync(script, `wrk.method = "POST"\nwrk.body = [==[${body}]==]\n${Object.entries(headers).map(([k, v]) => `wrk.headers["${k}"] = "${v}"\n`).join('')}`);
  const out = run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url + (path ?? '')]);
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(out);
  if (bad) throw new Error(`${url}: ${bad[1]} answers were errors`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(out)[1]);
}

const posted = { event_type: 'order_paid', data: { id: 4711, status: 'paid', amount: 99.99, email: 'customer@example.com' }, metadata: { source: 'shop-api' } };

export async function startNodeRed(nodes) {
  const port = await freePort();
  const directory = tempDir();
  writeFileSync(join(directory, 'flows.json'), JSON.stringify([{ id: 'tab', type: 'tab', label: 'bench' }, ...nodes.map((n) => ({ z: 'tab', ...n }))]));
  writeFileSync(join(directory, 'settings.js'), `module.exports = { flowFile: 'flows.json', uiPort: ${port}, uiHost: '127.0.0.1', httpAdminRoot: false, logging: { console: { level: 'error' } } };`);
  const child = start(process.execPath, ['build/bench/node_modules/node-red/red.js', '-u', directory, '-s', join(directory, 'settings.js')], { log: join(directory, 'log') });
  await until(async () => { try { return (await fetch(`http://127.0.0.1:${port}/events`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(posted) })).status < 300; } catch { return false; } }, 'Node-RED to answer', 60, 100);
  return { port, child };
}

async function fromPosts(quick) {
  const seconds = quick ? 2 : 10;
  const body = JSON.stringify(posted);
  const red = await startNodeRed([
    { id: 'in', type: 'http in', url: '/events', method: 'post', wires: [['filter']] },
    { id: 'filter', type: 'function', func: 'return msg.payload.data.status == "paid" ? msg : null;', outputs: 1, wires: [['shape']] },
    { id: 'shape', type: 'function', func: 'const d = msg.payload.data; msg.payload = { order_id: d.id, total: d.amount, big: d.amount > 100 }; return msg;', outputs: 1, wires: [['log', 'answer']] },
    { id: 'log', type: 'debug', active: false, wires: [] },
    { id: 'answer', type: 'http response', statusCode: '202', wires: [] }]);
  const theirs = wrkPosts(`http://127.0.0.1:${red.port}/events`, { body, seconds });
  const theirMemory = peakMemory(red.child.pid);
  await stop(red.child);
  const engine = await new Rowhook({}, { workflows: { bench: flow },
    triggers: [{ name: 'each post', source: 'shop-api', event_type: 'order_paid', workflow_id: 'bench', config: {} }] }).start();
  const before = await engine.metric('rowhook_execution_rows_total');
  const started = process.hrtime.bigint();
  const answered = wrkPosts(`http://127.0.0.1:${engine.port}/api/v1/events`, { body, token: engine.token, seconds });
  const all = Math.round(answered * seconds * 0.98);
  await until(async () => (await engine.metric('rowhook_execution_rows_total')) - before >= all, 'the executions of the posts', 300, 10);
  const ours = all / (Number(process.hrtime.bigint() - started) / 1e9);
  report('b', 'executions/s from posted events, 64 connections', ours, 'Node-RED', theirs, ours / theirs, { least: 4 });
  report('e', 'executions from posted events, peak MB', engine.peak(), 'Node-RED', theirMemory, null, { most: 100 });
  await engine.stop();
}

export async function executions({ postgres, quick }) {
  await fromRows(postgres, quick);
  await fromPosts(quick);
}
