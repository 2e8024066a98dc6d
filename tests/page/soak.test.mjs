// A canvas of a thousand nodes while 500 executions a second end in it, each with an update of ten nodes: all of it through the
// engine and its WebSocket. Bounds are generous: a crowded machine is slow, a page that hangs is something else. ROWHOOK_SOAK
// gives the seconds it lasts (10).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, startBrowser, startEngine, visit } from './browser.mjs';

const chains = 100;
const length = 10;
const perSecond = 500;
const seconds = Number(process.env.ROWHOOK_SOAK ?? 10);
const rounds = Math.ceil((perSecond * seconds) / chains); // each runs every chain once
const failing = 7; // the chain whose last node fails, every fifth time
const failures = Math.ceil(rounds / 5);

const longestTaskMs = 1_000;
const mostHeapGrowth = 24 << 20; // bytes, from the middle of the soak to its end

let engine;
let browser;
before(async () => {
  engine = await startEngine(['serve', '--config', 'rowhook.json', '--data-dir', '{folder}/data', '--listen', '127.0.0.1:0'], '{}');
  browser = await startBrowser();
  await aThousandNodes();
}, { timeout: 120_000 });
after(async () => {
  await browser?.close();
  await engine?.stop();
});

const nodeId = (chain, place) => `n${chain}-${place}`;

/** 100 chains of ten nodes, each with a trigger of its own. */
async function aThousandNodes() {
  const nodes = [];
  const connections = [];
  for (let chain = 0; chain < chains; ++chain)
    for (let place = 0; place < length; ++place) {
      const fails = chain === failing && place === length - 1;
      nodes.push({
        node_id: nodeId(chain, place), node_type: place === 0 ? 'input' : fails ? 'transform' : 'set', name: `Node ${chain}/${place}`,
        config: place === 0 ? {} : fails ? { transform: 'if new.id % 5 == 0 then error("the scale is broken") end return item' } : { fields: { [`place_${place}`]: '{{ new.id }}' } },
        position: { x: (Math.floor(chain / 25) * length + place) * 260, y: (chain % 25) * 110 },
      });
      if (place > 0) connections.push({ from_node_id: nodeId(chain, place - 1), to_node_id: nodeId(chain, place) });
    }
  await ask(engine, 'POST', '/workflows', { id: 'wide', name: 'Wide', nodes, connections });
  for (let chain = 0; chain < chains; ++chain)
    await ask(engine, 'POST', '/triggers', { name: `Chain ${chain}`, source: 'soak', event_type: `tick_${chain}`, workflow_id: 'wide', target_node_id: nodeId(chain, 0), config: { retry: { max_retries: 0 } } });
}

/** One event for each chain, in one request. */
async function post(round) {
  const events = Array.from({ length: chains }, (_, chain) => ({ specversion: '1.0', id: `${round}-${chain}`, source: 'soak', type: `tick_${chain}`, data: { id: round, note: 'as much as a small row holds' } }));
  const answer = await fetch(`${engine.base}/api/v1/events`, {
    method: 'POST', headers: { Authorization: `Bearer ${engine.token()}`, 'Content-Type': 'application/cloudevents-batch+json' }, body: JSON.stringify(events),
  });
  assert.equal(answer.status, 202, await answer.text());
}

/** Posts rounds [from, to) at the rate of the soak. */
async function postRounds(from, to) {
  const started = Date.now();
  for (let round = from; round < to; ++round) {
    const due = started + ((round - from) * chains * 1000) / perSecond;
    if (due > Date.now()) await new Promise((resolve) => { setTimeout(resolve, due - Date.now()); });
    await post(round);
  }
}

/** Measures in the page: how long its tasks are, and how many pictures it shows. */
const watchThePage = () => {
  const seen = { tasks: [], frames: 0, worstFrame: 0 };
  window.seen = seen;
  new PerformanceObserver((list) => { for (const each of list.getEntries()) seen.tasks.push(each.duration); }).observe({ entryTypes: ['longtask'] });
  let last = performance.now();
  const frame = (now) => {
    seen.frames += 1;
    seen.worstFrame = Math.max(seen.worstFrame, now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
};

/** Bytes of live objects of the page's scripts. */
async function heapOf(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}

test(`a canvas of ${chains * length} nodes takes ${perSecond} executions a second, seen as a whole and from near`, { timeout: 600_000 }, async (t) => {
  const troubles = await visit(browser, engine, { at: '/workflows/wide', motion: 'no-preference' }, async (page) => {
    page.setDefaultTimeout(60_000);
    const outline = page.getByRole('region', { name: 'Outline' });
    await outline.getByRole('button', { name: /^Node 99\/9 / }).waitFor();
    await page.locator('.react-flow__node').nth(chains * length - 1).waitFor(); // from afar all of them are there
    await page.evaluate(watchThePage);

    const half = Math.ceil(rounds / 2);
    const first = postRounds(0, half);
    await outline.getByText(/executions?.* since this page was opened/).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await first;
    await outline.getByText(`${(half * chains).toLocaleString('en')} executions`).waitFor();
    const heap = await heapOf(page);

    // From near: the nodes of a few chains, with their numbers.
    const node = page.locator('.react-flow__node', { hasText: 'Node 0/0' });
    const box = await node.boundingBox();
    await page.mouse.move(box.x, box.y);
    const second = postRounds(half, rounds);
    while ((await node.getByTitle(/since this page was opened/).count()) === 0) await page.mouse.wheel(0, -120);
    await outline.getByRole('button', { name: /^Node 0\/3 / }).click();
    await page.getByRole('region', { name: 'Node Node 0/3' }).getByLabel('Name', { exact: true }).fill('Renamed while all this runs');
    await page.locator('.react-flow__node', { hasText: 'Renamed while all this runs' }).waitFor();
    await page.keyboard.press('Control+z');
    await second;

    await page.getByRole('group', { name: 'Panels' }).getByRole('button', { name: 'Outline' }).click();
    await outline.getByText(`${(rounds * chains).toLocaleString('en')} executions, ${failures} failed since`).waitFor();
    for (const [chain, place] of [[0, 0], [0, 9], [failing, 0], [50, 5], [99, 9]])
      await outline.getByRole('button', { name: new RegExp(`^Node ${chain}/${place} (set|input) ${rounds}$`) }).waitFor();
    await outline.getByRole('button', { name: new RegExp(`^Node ${failing}/9 transform ${rounds} ${failures} failed$`) }).waitFor();
    await page.locator('.react-flow__node', { hasText: 'Node 0/1' }).getByTitle(`${rounds} since this page was opened`).waitFor();

    const grown = (await heapOf(page)) - heap;
    const seen = await page.evaluate(() => window.seen);
    const longest = Math.max(0, ...seen.tasks);
    t.diagnostic(`${rounds * chains} executions; ${seen.frames} frames, the slowest ${Math.round(seen.worstFrame)} ms; ${seen.tasks.length} tasks over 50 ms, the longest ${Math.round(longest)} ms; heap ${(heap / 1e6).toFixed(1)} MB and ${(grown / 1e6).toFixed(1)} MB more`);
    assert.ok(longest < longestTaskMs, `a task took ${longest} ms`);
    assert.ok(seen.frames > seconds * 5, `${seen.frames} frames`);
    assert.ok(grown < mostHeapGrowth, `${grown} bytes more`);
  });
  assert.deepEqual(troubles, []);
});
