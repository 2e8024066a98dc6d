import { cleanUp, run } from './process.mjs';
import { Postgres } from './postgres.mjs';
import { drain } from './drain.mjs';
import { executions } from './executions.mjs';
import { latency } from './latency.mjs';
import { webhooks } from './webhooks.mjs';
import { api } from './api.mjs';
import { fanout } from './fanout.mjs';
import { scripts } from './scripts.mjs';
import { page } from './page.mjs';

const parts = { drain, executions, latency, webhooks, api, fanout, scripts, page };
const quick = process.argv.includes('--quick');
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknown = asked.filter((name) => !parts[name]);
if (unknown.length) { console.error(`bench: unknown part ${unknown.join(', ')}; known are ${Object.keys(parts).join(', ')}`); process.exit(64); }

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, async () => { await cleanUp(); process.exit(130); });
let failed = false;
try {
  const postgres = await Postgres.start();
  console.log(`PostgreSQL ${postgres.sql('SHOW server_version')}, ${run('nproc', []).trim()} cores, durability on${quick ? ', QUICK: the figures mean little' : ''}`);
  for (const [name, part] of Object.entries(parts))
    if (asked.length === 0 || asked.includes(name)) {
      try { await part({ postgres, quick }); } catch (error) { failed = true; console.error(`${name}: ${error.stack}`); }
    }
} finally {
  await cleanUp();
}
process.exit(failed ? 1 : 0);
