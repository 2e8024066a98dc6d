// Every screen in both themes and at both widths: axe finds nothing, nothing is wider than the window. With
// ROWHOOK_SCREENSHOTS=DIR also kept as pictures (docs/screens is made that way).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, axe, openPage, startBrowser, startEngine } from './browser.mjs';
import { makeDeadLetters } from './fill.mjs';

const pictures = process.env.ROWHOOK_SCREENSHOTS;
const looks = [
  { theme: 'light', width: 1280, height: 800, kept: true },
  { theme: 'dark', width: 1280, height: 800 },
  { theme: 'light', width: 390, height: 844 },
  { theme: 'dark', width: 390, height: 844, kept: true },
];

let full;
let empty;
let browser;
before(async () => {
  full = await startEngine(['demo', '--data-dir', '{folder}', '--listen', '127.0.0.1:0']);
  empty = await startEngine(['serve', '--config', 'rowhook.json', '--data-dir', '{folder}/data', '--listen', '127.0.0.1:0'], '{}');
  browser = await startBrowser();
  await makeDeadLetters(full);
}, { timeout: 120_000 });
after(async () => {
  await browser?.close();
  await full?.stop();
  await empty?.stop();
});

async function first(path, where = () => true) {
  for (;;) {
    const found = (await ask(full, 'GET', path)).items.find(where);
    if (found) return found;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

const screens = {
  overview: async () => ['/', 'Latest changes'],
  events: async () => ['/events', 'status: paid → shipped'],
  event: async () => [`/events/${encodeURIComponent((await first('/events?event_type=record_updated&table=orders&limit=10')).event_id)}`, 'Matched'],
  executions: async () => ['/executions', 'Completed'],
  execution: async () => [`/executions/${(await first('/executions?workflow_id=order-status&status=completed&limit=10')).id}`, 'Which status'],
  'dead-letter': async () => [`/executions/${(await first('/dead-letters?limit=1')).id}?status=dead_letter`, 'All retries are used up'],
  errors: async () => ['/executions?status=dead_letter&view=errors', 'dead letters for'],
  sources: async () => ['/sources', 'up to date'],
  source: async () => ['/sources/shop', 'Every committed change arrives'],
  tokens: async () => ['/settings/tokens', 'In force'],
  journal: async () => ['/settings/journal', 'Events kept'],
  appearance: async () => ['/settings/appearance', 'As the system'],
  triggers: async () => ['/triggers', 'Order status changed'],
  trigger: async () => [`/triggers/${(await first('/triggers', (each) => each.name === 'Order status changed')).id}`, /^Test the last/],
  'new-trigger': async () => ['/triggers/new?source=shop', 'customer_email'],
  workflows: async () => ['/workflows', 'Order status'],
  workflow: async () => ['/workflows/order-status', 'Refund'],
  'workflow-node': async () => ['/workflows/order-status?node=which', 'Tried in this order'],
  'workflow-run': async () => ['/workflows/order-status?panel=run', 'As it was recorded'],
  scripts: async () => ['/scripts', 'order_status'],
  script: async () => ['/scripts/order_status', 'new_status', async (page) => {
    await page.getByText('No error found.').waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('group', { name: 'the result' }).waitFor();
  }],
};

const bare = { overview: '/', events: '/events', executions: '/executions', errors: '/executions?status=dead_letter&view=errors', sources: '/sources', triggers: '/triggers', workflows: '/workflows', scripts: '/scripts' };

async function look(engine, name, at, text, options, act) {
  const page = await openPage(browser, engine, { ...options, at });
  try {
    await page.getByText(text).filter({ visible: true }).first().waitFor({ timeout: 20_000 });
    if (act) await act(page);
    if (name === 'overview') await page.getByText(/median, /).waitFor({ timeout: 20_000 });
    if (name === 'workflow') await page.getByTitle(/since this page was opened/).first().waitFor({ timeout: 20_000 });
    assert.deepEqual(await axe(page), []);
    const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, globalThis.innerWidth]);
    assert.ok(wide <= window, `${wide} pixels wide`);
    assert.deepEqual(page.troubles, []);
    if (pictures && options.kept) await page.screenshot({ path: `${pictures}/${name}-${options.theme}-${options.width}.png` });
  } finally {
    await page.context().close();
  }
}

for (const [name, where] of Object.entries(screens))
  for (const options of looks)
    test(`${name}, ${options.theme}, ${options.width}`, async () => {
      const [at, text, act] = await where();
      await look(full, name, at, text, options, act);
    });

for (const [name, at] of Object.entries(bare))
  for (const options of [looks[0], looks[3]])
    test(`${name} with nothing in it, ${options.theme}, ${options.width}`, async () => {
      await look(empty, `empty-${name}`, at, /^No |No database is watched/, options);
    });
