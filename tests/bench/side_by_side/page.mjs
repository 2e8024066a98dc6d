// (h) The page: from asking for it to the overview with its rows, in a Chromium that has never seen it, already signed in.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { onExit } from './process.mjs';
import { Rowhook } from './rowhook.mjs';
import { median, report } from './report.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

async function post(engine, count) {
  const batch = Array.from({ length: count }, (_, i) => ({ specversion: '1.0', id: `e${i}`, source: 'shop', type: 'order_placed', data: { id: i, status: 'paid', total: 250.5 } }));
  const headers = { authorization: `Bearer ${engine.token}`, 'content-type': 'application/cloudevents-batch+json' };
  const answer = await fetch(`http://127.0.0.1:${engine.port}/api/v1/events`, { method: 'POST', headers, body: JSON.stringify(batch) });
  if (!answer.ok) throw new Error(await answer.text());
}

// In the page, from its first moment on: resolves when the picture with the latest changes was shown.
const watch = () => {
  globalThis.shown = new Promise((resolve) => {
    const look = () => {
      if (!document.querySelector('main a[href^="/events/"]')) return requestAnimationFrame(look);
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
    };
    requestAnimationFrame(look);
  });
};

async function firstView(chromium, base, token) {
  const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'] });
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const signedIn = await context.request.post(`${base}/api/v1/session`, { data: { token }, headers: { Origin: base } });
    if (!signedIn.ok()) throw new Error(`signing in: ${signedIn.status()}`);
    const page = await context.newPage();
    await page.addInitScript(watch);
    await page.goto(base, { waitUntil: 'commit' });
    return await page.evaluate(async () => ({
      shown: await globalThis.shown,
      first: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
      bytes: performance.getEntriesByType('resource').filter((each) => /\.(js|css)$/.test(new URL(each.name).pathname)).reduce((sum, each) => sum + each.encodedBodySize, 0),
    }));
  } finally { await browser.close(); }
}

export async function page({ quick }) {
  const { chromium } = createRequire(join(process.cwd(), 'build/bench/package.json'))('playwright-core');
  const engine = await new Rowhook({}, { workflows: { noted: { name: 'noted', nodes: [{ node_id: 'in', node_type: 'input' }] } }, triggers: [{ name: 'noted', source: 'shop', event_type: 'order_placed', workflow_id: 'noted' }] }).start();
  onExit(() => engine.stop());
  try {
    await post(engine, 1000);
    const views = [];
    for (let round = 0; round < (quick ? 3 : 11); ++round) views.push(await firstView(chromium, `http://127.0.0.1:${engine.port}`, engine.token));
    report('h', 'first view of the overview with its rows, cold Chromium, ms', median(views.map((view) => view.shown)), '', null, null, { most: 1000 });
    report('h', 'first picture, ms', median(views.map((view) => view.first)), '', null, null, null);
    report('h', 'scripts and styles of the first view, KB as sent', views[0].bytes / 1000, '', null, null, { most: 350 });
  } finally { await engine.stop(); }
}
