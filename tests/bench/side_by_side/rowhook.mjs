// One engine under measurement: its configuration, its process and its API.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf, freePort, peakMemory, residentMemory, start, stop, tempDir, until } from './process.mjs';

export const binary = 'build/release/rowhook';

export class Rowhook {
  // `definitions`: { workflows: {id: json}, triggers: [json], scripts: {name: text} }
  constructor(config, definitions = {}) {
    this.directory = tempDir();
    this.dataDir = join(this.directory, 'data');
    for (const folder of ['workflows', 'triggers', 'scripts']) mkdirSync(join(this.directory, 'definitions', folder), { recursive: true });
    const put = (path, text) => writeFileSync(join(this.directory, 'definitions', path), text);
    for (const [id, workflow] of Object.entries(definitions.workflows ?? {})) put(`workflows/${id}.json`, JSON.stringify({ id, ...workflow }));
    (definitions.triggers ?? []).forEach((trigger, i) => put(`triggers/${i}.json`, JSON.stringify(trigger)));
    for (const [name, text] of Object.entries(definitions.scripts ?? {})) put(`scripts/${name}.lua`, text);
    this.configFile = join(this.directory, 'config.json');
    this.config = { logging: { log_level: 'WARNING' }, workflows: { directory: join(this.directory, 'definitions') }, ...config };
  }
  async start() {
    this.port ??= await freePort();
    writeFileSync(this.configFile, JSON.stringify({ ...this.config, server: { listen: `127.0.0.1:${this.port}` } }));
    const before = process.hrtime.bigint();
    this.child = start(binary, ['serve', '--config', this.configFile, '--data-dir', this.dataDir], { log: join(this.directory, 'log') });
    await until(async () => {
      if (this.child.exitCode !== null) throw new Error(`rowhook ended: ${readFileSync(join(this.directory, 'log'), 'utf8')}`);
      try { return (await fetch(`http://127.0.0.1:${this.port}/readyz`)).ok; } catch { return false; }
    }, 'rowhook to be ready', 30, 2);
    this.startSeconds = Number(process.hrtime.bigint() - before) / 1e9;
    this.token = readFileSync(join(this.dataDir, 'admin-token'), 'utf8').trim();
    return this;
  }
  async get(path) {
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, { headers: { authorization: `Bearer ${this.token}` } });
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
  async json(path) { return (await this.get(`/api/v1${path}`)).json(); }
  async metric(name) {
    const text = await (await this.get('/metrics')).text();
    let sum = 0;
    for (const line of text.split('\n')) if (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) sum += Number(line.split(' ').pop());
    return sum;
  }
  async position(source) { return (await this.json(`/sources/${source}`)).position; }
  pids() { return [this.child.pid, ...childrenOf(this.child.pid)]; }
  peak() { return this.pids().reduce((sum, pid) => sum + peakMemory(pid), 0); }
  resident() { return this.pids().reduce((sum, pid) => sum + residentMemory(pid), 0); }
  stop() { return stop(this.child); }
}

export const node = (node_id, node_type, config = {}) => ({ node_id, node_type, name: '', config, position: { x: 0, y: 0 } });
export const chain = (...nodes) => ({ name: 'bench', is_active: true, nodes,
  connections: nodes.slice(1).map((to, i) => ({ from_node_id: nodes[i].node_id, from_port: 'output', to_node_id: to.node_id, to_port: 'input' })) });

export function postgresConfig(postgres, tables, extra = {}) {
  return { connections: [{ name: extra.name ?? 'bench', type: 'postgresql', host: '127.0.0.1', port: postgres.port, database: 'postgres',
    username: 'postgres', password: '', monitoring: { method: 'log_based' } }],
    tables: tables.map((table) => ({ connection: extra.name ?? 'bench', table })), ...(extra.config ?? {}) };
}
