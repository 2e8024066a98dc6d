// Child processes of a measurement: started, waited for, ended by their own id.
import { spawn, execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync, readFileSync, openSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const running = new Set();
const cleanups = [];
export const onExit = (f) => cleanups.push(f);

export function start(command, args, { env = {}, log, stdin = 'ignore' } = {}) {
  const out = log ? openSync(log, 'a') : 'ignore';
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: [stdin, out, out] });
  if (log) closeSync(out);
  child.done = new Promise((resolve) => child.on('exit', (code, signal) => { running.delete(child); resolve(code ?? signal); }));
  child.on('error', (error) => { running.delete(child); console.error(`${command}: ${error.message}`); });
  running.add(child);
  return child;
}

export async function stop(child, signal = 'SIGTERM') {
  if (!running.has(child)) return;
  child.kill(signal);
  await child.done;
}

export function run(command, args, options = {}) {
  return execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'], ...options });
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(condition, what, seconds = 120, pause = 20) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain for ${what}`);
    await sleep(pause);
  }
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export function tempDir() {
  const path = mkdtempSync(join(tmpdir(), 'rowhook-bench-'));
  onExit(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

// Highest resident memory of a process so far, MB.
export function peakMemory(pid) {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}
export function residentMemory(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}
export function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
}

export async function cleanUp() {
  for (const child of [...running].reverse()) await stop(child, child.endSignal ?? 'SIGTERM');
  for (const f of cleanups.reverse()) f();
}
