// (g) One event to many WebSocket clients, against npm's ws sending the same bytes.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { freePort, start, stop, until } from './process.mjs';
import { Rowhook } from './rowhook.mjs';
import { median, report } from './report.mjs';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;

// The clients are one C++ process: what is measured is the server. Resolves at `ready` to a promise of the result.
function clients(port, path, count, frames, token, message) {
  const child = spawn('build/bench/websocket_clients', [port, path, count, frames, token, message].map(String),
    { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  const result = new Promise((resolve, reject) => child.on('exit', (code) => (code === 0 ? resolve(JSON.parse(out.split('\n')[1])) : reject(new Error('websocket_clients failed')))));
  result.catch(() => {});
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (data) => { out += data; if (out.startsWith('ready\n')) resolve({ result }); });
    result.catch(reject);
  });
}

async function ours(count, events) {
  const engine = await new Rowhook({}).start();
  try {
    const subscribe = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscribe', params: { topic: 'events' } });
    const { result } = await clients(engine.port, '/api/v1/ws', count, events, engine.token, subscribe);
    const headers = { authorization: `Bearer ${engine.token}`, 'content-type': 'application/cloudevents-batch+json' };
    for (let sent = 0; sent < events; sent += 1000) {
      const batch = Array.from({ length: Math.min(1000, events - sent) }, (_, i) => ({ specversion: '1.0', id: `e${sent + i}`, source: 'shop', type: 'ping', data: { id: sent + i } }));
      const answer = await fetch(`http://127.0.0.1:${engine.port}/api/v1/events`, { method: 'POST', headers, body: JSON.stringify(batch) });
      if (!answer.ok) throw new Error(await answer.text());
    }
    const measured = await result;
    return { rate: measured.frames / measured.seconds, size: measured.bytes / measured.frames, peak: engine.peak() };
  } finally { await engine.stop(); }
}

async function theirs(count, events, size) {
  const port = await freePort();
  const server = start('node', [join(here, 'ws_server.mjs'), String(port), String(count), String(events), String(Math.round(size))], { env: { NODE_PATH: 'build/bench/node_modules' } });
  try {
    await until(async () => { try { await fetch(`http://127.0.0.1:${port}/`); return true; } catch { return false; } }, 'the ws server', 20);
    const { result } = await clients(port, '/', count, events, '', '');
    const measured = await result;
    return measured.frames / measured.seconds;
  } finally { await stop(server); }
}

export async function fanout({ quick }) {
  for (const count of [100, 1000]) {
    const events = (quick ? 400_000 : 4_000_000) / count;
    const rates = [], others = [];
    let size = 0, peak = 0;
    for (let round = 0; round < (quick ? 1 : 3); ++round) {
      const run = await ours(count, events);
      rates.push(run.rate);
      size = run.size;
      peak = Math.max(peak, run.peak);
      others.push(await theirs(count, events / 4, size));
    }
    report('g', `messages/s of ${Math.round(size)} bytes to ${count} clients`, median(rates), 'npm ws', median(others), median(rates) / median(others), { least: 5 });
    report('g', `fan-out to ${count} clients, peak MB`, peak, '', null, null, { most: 150 });
  }
}
