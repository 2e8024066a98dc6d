// A private PostgreSQL with durability on, on a free port.
import { chownSync, existsSync, readdirSync, writeFileSync, appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, run, start, tempDir, until } from './process.mjs';

const root = process.getuid() === 0;
const base = '/usr/lib/postgresql';
const version = Math.max(...readdirSync(base).map(Number).filter((v) => existsSync(join(base, String(v), 'bin', 'initdb'))));
const bin = (name) => join(base, String(version), 'bin', name);
const asServer = (command, args) => (root ? ['runuser', ['-u', 'postgres', '--', command, ...args]] : [command, args]);

export class Postgres {
  static async start(settings = {}) {
    const self = new Postgres();
    self.port = await freePort();
    self.directory = tempDir();
    if (root) {
      const id = (flag) => Number(run('id', [flag, 'postgres']));
      chownSync(self.directory, id('-u'), id('-g'));
    }
    const data = join(self.directory, 'data');
    run(...asServer(bin('initdb'), ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C']));
    const all = { listen_addresses: "'127.0.0.1'", unix_socket_directories: `'${self.directory}'`, wal_level: 'logical',
      max_replication_slots: 50, max_wal_senders: 50, max_wal_size: "'8GB'", checkpoint_timeout: "'30min'",
      shared_buffers: "'256MB'", max_connections: 100, ...settings };
    appendFileSync(join(data, 'postgresql.conf'), Object.entries(all).map(([k, v]) => `${k} = ${v}\n`).join(''));
    // `setpriv` rather than runuser: the server must be our own child, so that ending it needs no search for its id.
    const [command, args] = root
      ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', bin('postgres'), '-D', data, '-p', String(self.port)]]
      : [bin('postgres'), ['-D', data, '-p', String(self.port)]];
    self.server = start(command, args, { log: join(self.directory, 'log') });
    self.server.endSignal = 'SIGQUIT';
    await until(() => { try { self.sql('SELECT 1'); return true; } catch { return false; } }, 'PostgreSQL to start', 30);
    return self;
  }
  url(database = 'postgres') { return `postgresql://postgres@127.0.0.1:${this.port}/${database}`; }
  sql(text, database = 'postgres') {
    return run('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', text, this.url(database)]).trim();
  }
  script(text) {
    const file = join(this.directory, `script-${Math.random().toString(36).slice(2)}.sql`);
    writeFileSync(file, text, { mode: 0o644 });
    return file;
  }
  pgbench(args, wait = true) {
    const all = ['-n', '-h', '127.0.0.1', '-p', String(this.port), '-U', 'postgres', ...args, 'postgres'];
    return wait ? run(bin('pgbench'), all) : start(bin('pgbench'), all);
  }
  recvlogical(args) { return start(bin('pg_recvlogical'), ['-d', this.url(), ...args], { log: join(this.directory, 'recvlogical') }); }
  lsn() { return this.sql('SELECT pg_current_wal_lsn()'); }
}

export const lsnNumber = (text) => { const [high, low] = text.split('/'); return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`); };
