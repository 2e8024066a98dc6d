// (f) API reads against nginx serving the same bytes, and what the engine needs when it has nothing to do.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, sleep, stop } from './process.mjs';
import { Rowhook, chain, node } from './rowhook.mjs';
import { median, report } from './report.mjs';
import { startNginx } from './webhooks.mjs';

function wrkReads(url, seconds, token) {
  const out = run('wrk', ['-t1', '-c64', `-d${seconds}s`, ...(token ? ['-H', `Authorization: Bearer ${token}`] : []), url]);
  if (/Non-2xx/.test(out)) throw new Error(`${url}: answers were errors`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(out)[1]);
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
    const ours = [], theirs = [];
    for (let round = 0; round < 3; ++round) {
      theirs.push(wrkReads(`http://127.0.0.1:${nginx.port}/body.json`, seconds));
      ours.push(wrkReads(`http://127.0.0.1:${engine.port}/api/v1${path}`, seconds, engine.token));
    }
    await stop(nginx.child, 'SIGQUIT');
    report('f', `reads/s of ${what} (${body.length} bytes)`, median(ours), 'nginx', median(theirs), median(ours) / median(theirs), { least: 0.5 });
  }
  report('e', 'API reads, peak MB', engine.peak(), '', null, null, { most: 100 });
  await engine.stop();
}
