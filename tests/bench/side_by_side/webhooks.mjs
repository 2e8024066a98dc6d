// (d) Webhooks per second to an nginx that answers 204, against wrk posting the same bodies, and against Node-RED's
// HTTP-request flow.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, start, stop, tempDir, until } from './process.mjs';
import { startNodeRed, wrkPosts } from './executions.mjs';
import { Rowhook, chain, node, postgresConfig } from './rowhook.mjs';
import { report } from './report.mjs';

// `locations`: the body of nginx's server block.
export async function startNginx(locations) {
  const port = await freePort();
  const directory = tempDir();
  mkdirSync(join(directory, 'tmp'));
  writeFileSync(join(directory, 'nginx.conf'), `daemon off; worker_processes 1; pid ${directory}/pid; error_log ${directory}/error.log;
    ${process.getuid() === 0 ? 'user root;' : ''}
    events { worker_connections 2048; }
    http { access_log off; keepalive_requests 1000000000; client_body_temp_path ${directory}/tmp/a; proxy_temp_path ${directory}/tmp/b;
           fastcgi_temp_path ${directory}/tmp/c; uwsgi_temp_path ${directory}/tmp/d; scgi_temp_path ${directory}/tmp/e;
           default_type application/json; server { listen 127.0.0.1:${port}; ${locations(directory)} } }`);
  const child = start('nginx', ['-c', join(directory, 'nginx.conf'), '-p', directory], { log: join(directory, 'log') });
  child.endSignal = 'SIGQUIT';
  await until(async () => { try { await fetch(`http://127.0.0.1:${port}/`); return true; } catch { return false; } }, 'nginx to answer', 20);
  return { port, child };
}

export async function webhooks({ postgres, quick }) {
  const seconds = quick ? 2 : 8;
  const total = quick ? 5000 : 120000;
  const nginx = await startNginx(() => 'location / { return 204; }');
  const url = `http://127.0.0.1:${nginx.port}/hook`;
  postgres.sql('CREATE TABLE hooked(id bigserial PRIMARY KEY, status text, amount numeric(10,2), email text)');
  const engine = new Rowhook(postgresConfig(postgres, ['hooked'], { config: { egress: { allow: ['127.0.0.0/8'] } } }), {
    workflows: { hook: chain(node('in', 'input'), node('post', 'http_request', { url, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' })) },
    triggers: [{ name: 'each row', source: 'bench', event_type: 'record_inserted', workflow_id: 'hook', config: {} }] });
  await engine.start();
  await until(async () => (await engine.json('/sources/bench')).state === 'running', 'capture to run');
  await engine.stop();
  postgres.pgbench(['-c', '8', '-j', '2', '-t', String(total / 8), '-f', postgres.script("SET synchronous_commit=off;\nINSERT INTO hooked(status, amount, email) VALUES ('paid', 10.5, 'customer@example.com');")]);
  const started = process.hrtime.bigint();
  await engine.start();
  await until(async () => (await engine.metric('rowhook_execution_rows_total')) >= total, 'the webhooks', 300, 20);
  const ours = total / (Number(process.hrtime.bigint() - started) / 1e9);
  const body = JSON.stringify((await engine.json('/events?limit=1')).items[0]);
  const memory = engine.peak();
  await engine.stop();
  const wrk = wrkPosts(url, { body, seconds });
  report('d', `webhooks/s of ${body.length} bytes from captured rows`, ours, 'wrk', wrk, ours / wrk, { least: 0.25 });
  report('e', 'webhooks from captured rows, peak MB', memory, '', null, null, { most: 100 });
  const red = await startNodeRed([
    { id: 'in', type: 'http in', url: '/events', method: 'post', wires: [['request']] },
    { id: 'request', type: 'http request', method: 'POST', ret: 'txt', url, persist: true, wires: [['answer']] },
    { id: 'answer', type: 'http response', statusCode: '202', wires: [] }]);
  const theirs = wrkPosts(`http://127.0.0.1:${red.port}/events`, { body, seconds });
  await stop(red.child);
  report('d', 'webhooks/s from captured rows', ours, 'Node-RED http request', theirs, ours / theirs, { least: 8 });
  await stop(nginx.child, 'SIGQUIT');
  postgres.sql("SELECT pg_drop_replication_slot('rowhook_bench')");
  postgres.sql('DROP TABLE hooked CASCADE');
}
