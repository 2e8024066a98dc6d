// (f) API reads against nginx serving the same bytes and Fastify making them, writes against Fastify, and what the engine needs
// when it has nothing to do.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, run, sleep, start, stop, tempDir, until } from './process.mjs';
import { Rowhook, chain, node } from './rowhook.mjs';
import { median, report } from './report.mjs';
import { startNginx } from './webhooks.mjs';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const event = '{"event_type":"ping","data":{"id":1,"status":"paid","total":99.5},"metadata":{"source":"shop"}}';

// 64 connections; requests a second and the 99th percentile in ms.
function wrk(url, seconds, token, script) {
  const out = run('wrk', ['-t1', '-c64', `-d${seconds}s`, '--latency', ...(token ? ['-H', `Authorization: Bearer ${token}`] : []), ...(script ? ['-s', script] : []), url]);
  if (/Non-2xx/.test(out)) throw new Error(`${url}: answers were errors`);
  const [, value, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(out);
  return { rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(out)[1]), p99: Number(value) * { us: 0.001, ms: 1, s: 1000 }[unit] };
}

async function startFastify(document) {
  const port = await freePort(), file = join(tempDir(), 'document.json');
  writeFileSync(file, document);
  const child = start('node', [join(here, 'fastify_server.mjs'), String(port), file]);
  await until(async () => { try { return (await fetch(`http://127.0.0.1:${port}/`)).ok; } catch { return false; } }, 'Fastify', 20);
  return { child, port };
}

const middle = (runs) => ({ rate: median(runs.map((each) => each.rate)), p99: median(runs.map((each) => each.p99)) });

async function writes(engine, seconds) {
  const script = join(tempDir(), 'post.lua');
  writeFileSync(script, `wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = '${event}'\n`);
  const fastify = await startFastify('{}');
  const ours = [], theirs = [];
  for (let round = 0; round < 3; ++round) {
    theirs.push(wrk(`http://127.0.0.1:${fastify.port}/`, seconds, null, script));
    ours.push(wrk(`http://127.0.0.1:${engine.port}/api/v1/events`, seconds, engine.token, script));
  }
  await stop(fastify.child);
  report('f', 'durable event posts/s', middle(ours).rate, 'Fastify, in memory', middle(theirs).rate, middle(ours).rate / middle(theirs).rate);
  report('f', 'the same, p99 ms', middle(ours).p99, 'Fastify, in memory', middle(theirs).p99, middle(ours).p99 / middle(theirs).p99);
}

export async function api({ quick }) {
  const seconds = quick ? 2 : 5;
  const engine = await new Rowhook({}, { workflows: { hook: chain(node('in', 'input'), node('log', 'log', { message: 'x' })) },
    triggers: Array.from({ length: 20 }, (_, i) => ({ name: `trigger ${i}`, source: 'shop', event_type: 'record_inserted', workflow_id: 'hook', config: {} })) }).start();
  report('e', 'start to ready, s', engine.startSeconds, '', null, null, { most: 0.3 });
  await sleep(2000);
  report('e', 'idle, resident MB', engine.resident(), '', null, null, { most: 25 });
  for (const [what, path] of [['one trigger', '/triggers/1'], ['20 triggers', '/triggers']]) {
    const body = await (await engine.get(`/api/v1${path}`)).text();
    const nginx = await startNginx((directory) => { writeFileSync(join(directory, 'body.json'), body); return `location / { root ${directory}; try_files /body.json =404; }`; });
    const fastify = await startFastify(body);
    const ours = [], nginxes = [], fastifies = [];
    for (let round = 0; round < 3; ++round) {
      nginxes.push(wrk(`http://127.0.0.1:${nginx.port}/body.json`, seconds));
      ours.push(wrk(`http://127.0.0.1:${engine.port}/api/v1${path}`, seconds, engine.token));
      fastifies.push(wrk(`http://127.0.0.1:${fastify.port}/`, seconds));
    }
    await stop(nginx.child, 'SIGQUIT');
    await stop(fastify.child);
    for (const [against, runs, least] of [['nginx', nginxes, 0.6], ['Fastify', fastifies, 1.5]]) {
      report('f', `reads/s of ${what} (${body.length} bytes)`, middle(ours).rate, against, middle(runs).rate, middle(ours).rate / middle(runs).rate, { least });
      report('f', 'the same, p99 ms', middle(ours).p99, against, middle(runs).p99, middle(ours).p99 / middle(runs).p99);
    }
  }
  await writes(engine, seconds);
  report('e', 'API, peak MB', engine.peak(), '', null, null, { most: 100 });
  await engine.stop();
}
