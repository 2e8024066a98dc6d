// Every screen in both themes and at both widths: axe finds nothing, nothing is wider than the window. With
// ROWHOOK_SCREENSHOTS=DIR also kept as pictures (docs/screens is made that way).
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { axe, openPage, startEngine } from './browser.mjs';
import { useDemo, write } from './demo.mjs';
import { makeDeadLetters } from './fill.mjs';

const pictures = process.env.ROWHOOK_SCREENSHOTS;
const looks = [
  { theme: 'light', width: 1280, height: 800, kept: true },
  { theme: 'dark', width: 1280, height: 800 },
  { theme: 'light', width: 390, height: 844 },
  { theme: 'dark', width: 390, height: 844, kept: true },
];

let empty;
const demo = useDemo(async ({ engine }) => {
  empty = await startEngine(['serve', '--config', 'rowhook.json', '--data-dir', '{folder}/data', '--listen', '127.0.0.1:0'], '{}');
  await makeDeadLetters(engine);
});
after(async () => { await empty?.stop(); });

const first = async (path, where = () => true) => (await demo.until(path, ({ items }) => items.some(where))).items.find(where);

const screens = {
  overview: async () => ['/', 'Latest changes'],
  events: async () => ['/events', 'status: paid → shipped'],
  event: async () => [`/events/${encodeURIComponent((await first('/events?event_type=record_updated&table=orders&limit=10')).event_id)}`, 'Matched'],
  'event-replay': async () => [`/events/${encodeURIComponent((await first('/events?event_type=record_updated&table=orders&limit=10')).event_id)}`, 'Matched', async (page) => {
    await page.getByRole('button', { name: 'Replay…' }).click();
    await page.getByRole('button', { name: 'Replay without effects' }).click();
    await page.getByText('Nothing was sent or written.').waitFor();
  }],
  executions: async () => ['/executions', 'Completed'],
  execution: async () => [`/executions/${(await first('/executions?workflow_id=order-status&status=completed&limit=10')).id}`, 'Which status'],
  'dead-letter': async () => [`/executions/${(await first('/dead-letters?limit=1')).id}?status=dead_letter`, 'All retries are used up'],
  errors: async () => ['/executions?status=dead_letter&view=errors', 'dead letters for'],
  sources: async () => ['/sources', 'up to date'],
  source: async () => ['/sources/shop', 'Every committed change arrives'],
  tokens: async () => ['/settings/tokens', 'In force'],
  connections: async () => ['/settings/connections', 'up to date'],
  journal: async () => ['/settings/journal', 'Events kept'],
  audit: async () => ['/settings/audit?who=admin', 'triggers.create'],
  appearance: async () => ['/settings/appearance', 'As the system'],
  triggers: async () => ['/triggers', 'Order status changed'],
  trigger: async () => [`/triggers/${(await first('/triggers', (each) => each.name === 'Order status changed')).id}`, /^Test the last/],
  backtest: async () => [`/triggers/${(await first('/triggers', (each) => each.name === 'Order status changed')).id}/edit`, 'Filter (Lua)', async (page) => {
    const form = page.getByRole('region', { name: /^Edit trigger/ });
    await form.locator('.cm-editor').nth(2).waitFor();
    await write(page, form.getByRole('textbox', { name: 'Filter (Lua)' }), 'new.status == "paid" and new.total_amount > 100');
    await form.getByRole('button', { name: 'Back-test', exact: true }).click();
    await form.getByText('They differ on').waitFor();
    await form.getByRole('button', { name: 'Back-test again' }).evaluate((element) => { element.closest('section').scrollIntoView(); });
  }],
  'new-trigger': async () => ['/triggers/new?source=shop', 'customer_email'],
  workflows: async () => ['/workflows', 'Order status'],
  workflow: async () => ['/workflows/order-status', 'Refund'],
  'workflow-arrange': async () => ['/workflows/order-status?node=which,in&panel=outline', 'Refund'],
  'workflow-node': async () => ['/workflows/order-status?node=which', 'Tried in this order'],
  'workflow-run': async () => ['/workflows/order-status?panel=run', 'As it was recorded'],
  scripts: async () => ['/scripts', 'order_status'],
  script: async () => ['/scripts/order_status', 'new_status', async (page) => {
    await page.getByText('No error found.').waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('group', { name: 'the result' }).waitFor();
  }],
  'script-versions': async () => {
    await demo.ask('PUT', '/scripts/paid', { source: '-- Only orders that were just paid.\nreturn new.status == "paid"\n' }).catch(() => undefined); // it is there since the look before
    const { revision } = await demo.ask('GET', '/scripts/paid');
    if (revision === 1) await demo.ask('PUT', '/scripts/paid', { source: '-- Only orders that were just paid.\nreturn new.status == "paid" and old.status ~= "paid"\n' }, { 'If-Match': '"1"' });
    return ['/scripts/paid?version=1', 'Roll back to revision 1', async (page) => {
      await page.getByText('Roll back to revision 1').scrollIntoViewIfNeeded();
    }];
  },
};

const bare = { overview: '/', events: '/events', executions: '/executions', errors: '/executions?status=dead_letter&view=errors', sources: '/sources', triggers: '/triggers', workflows: '/workflows', scripts: '/scripts' };

async function look(engine, name, at, text, options, act) {
  const page = await openPage(demo.browser, engine, { ...options, at });
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
      await look(demo.engine, name, at, text, options, act);
    });

for (const [name, at] of Object.entries(bare))
  for (const options of [looks[0], looks[3]])
    test(`${name} with nothing in it, ${options.theme}, ${options.width}`, async () => {
      await look(empty, `empty-${name}`, at, /^No |No database is watched/, options);
    });
