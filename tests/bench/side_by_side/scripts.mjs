// (f) Filters and transforms in scripts: events per second and core in Rowhook's script hosts, against the same Lua in one process
// without isolation, node's vm and Lua 5.4, which all make the rows anew for each event, as one would.
import { writeFileSync } from 'node:fs';
import { createContext, Script } from 'node:vm';
import { join } from 'node:path';
import { run, tempDir } from './process.mjs';
import { report } from './report.mjs';

const before = { id: 421177, customer_id: 1881, status: 'pending', total_amount: 149.95, currency: 'EUR',
  created_at: '2025-08-05T10:00:00.123456Z', updated_at: '2025-08-05T10:00:00.123456Z', note: null };
const after = { ...before, status: 'paid' };

// Events per second of one core, the better of two runs.
function nodeVm(body, events) {
  const context = createContext({});
  const call = new Script(`(text) => { const event = JSON.parse(text); const before = event.old, after = event.new; ${body} }`).runInContext(context);
  const text = JSON.stringify({ old: before, new: after });
  let best = 0;
  for (let round = 0; round < 3; ++round) {
    const begin = process.cpuUsage();
    for (let i = 0; i < events; ++i) call(text);
    const used = process.cpuUsage(begin);
    best = Math.max(best, events / ((used.user + used.system) / 1e6));
  }
  return best;
}

function lua54(body, events) {
  const table = (row) => `{ ${Object.entries(row).filter(([, v]) => v !== null).map(([k, v]) => `${k} = ${typeof v === 'string' ? `"${v}"` : v}`).join(', ')} }`;
  const file = join(tempDir(), 'bench.lua');
  writeFileSync(file, `local function call(new, old) ${body} end
local best = 0
for round = 1, 3 do
  local begin = os.clock()
  for i = 1, ${events} do call(${table(after)}, ${table(before)}) end
  best = math.max(best, ${events} / (os.clock() - begin))
end
print(best)
`);
  return Number(run('lua5.4', [file]).trim());
}

export async function scripts({ quick }) {
  run('cmake', ['--build', '--preset', 'release', '--target', 'scripting_bench'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const { benchmarks } = JSON.parse(run('build/release/tests/bench/scripting_bench',
    ['--benchmark_format=json', `--benchmark_min_time=${quick ? 0.05 : 1}`]));
  const of = (name) => {
    const found = benchmarks.find((one) => one.name === name || one.name.startsWith(`${name}/`));
    if (!found || found.error_occurred) throw new Error(`scripting_bench: ${name}: ${found?.error_message ?? 'missing'}`);
    return found;
  };
  const hosted = (name, size) => 1e6 / of(`${name}/${size}/real_time`).cpu_us;  // per core: engine and hosts together
  const alone = (name) => 1e9 / of(name).cpu_time;
  const events = quick ? 20000 : 500000;
  const others = {
    filter: [nodeVm("return after.status === 'paid' && before.status !== 'paid';", events),
      lua54('return new.status == "paid" and old.status ~= "paid"', events)],
    transform: [nodeVm('return JSON.stringify({ order_id: after.id, total: after.total_amount, big: after.total_amount > 100 });', events),
      lua54('local big = new.total_amount > 100 return string.format(\'{"big":%s,"order_id":%d,"total":%s}\', big, new.id, new.total_amount)', events)],
  };
  for (const [name, least] of [['filter', 1e6], ['transform', 2e5]]) {
    for (const size of [1, 16, 256]) {
      const rate = hosted(name, size);
      report('f', `${name}s/s and core, batch ${size}`, rate, '', null, null, size === 256 ? { least } : undefined);
    }
    const rate = hosted(name, 256);
    const same = alone(`in_process_${name}`);
    report('f', `${name}: cost against the same sandbox in one process`, rate, 'no host process', same, same / rate);
    report('f', `${name}s/s and core, batch 256`, rate, "node's vm", others[name][0], rate / others[name][0]);
    report('f', `${name}s/s and core, batch 256`, rate, 'Lua 5.4', others[name][1], rate / others[name][1]);
  }
  const bare = alone('bare_tables_filter');
  report('f', 'filter: cost against the same Lua in one process', hosted('filter', 256), 'LuaJIT, table per row', bare, bare / hosted('filter', 256), { most: 1.3 });
  report('f', 'kill to next answer, p99 ms', of('respawn').p99_ms, '', null, null, { most: 50 });
  const fair = of('fairness');
  report('f', 'p99 of a call beside a hostile script, us', fair.beside_us, 'without it', fair.alone_us, fair.ratio, { most: 2 });
  report('f', '1000 scripts loaded, MB', of('thousand_scripts').host_mb, '', null, null, { most: 150 });
}
