// Every screen of the page, in Chromium, against the program as users run it: `rowhook demo`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { axe, openPage } from './browser.mjs';
import { startDemo, useDemo } from './demo.mjs';
import { makeDeadLetters } from './fill.mjs';

const demo = useDemo(({ engine }) => makeDeadLetters(engine));
const { ask, on, until } = demo;
const run = promisify(execFile);

const anUpdate = async () => (await until('/events?event_type=record_updated&table=orders&limit=1', ({ items }) => items.length > 0)).items[0];
const aDeadLetter = async () => (await ask('GET', '/dead-letters?limit=1')).items[0];

test('the printed link signs in once, and leaves no code behind', async () => {
  const context = await demo.browser.newContext();
  const page = await context.newPage();
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(demo.engine.link);
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  assert.equal(page.url(), `${demo.engine.base}/`);
  assert.ok(asked.every((url) => !url.includes('code=')), 'the code is in no request');
  assert.deepEqual(await page.evaluate(() => [document.cookie, sessionStorage.length]), ['', 0]);
  await page.reload();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await context.close();

  const late = await (await demo.browser.newContext()).newPage();
  await late.goto(demo.engine.link);
  await late.getByText('this link was used already').waitFor();
  assert.deepEqual(await axe(late), []);
  await late.getByLabel('Token', { exact: true }).fill(demo.engine.token());
  await late.getByRole('button', { name: 'Sign in' }).click();
  await late.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await late.getByLabel(/^Signed in as/).click();
  await late.getByRole('button', { name: 'Sign out' }).click();
  await late.getByRole('heading', { name: 'Sign in to Rowhook' }).waitFor();
  await late.context().close();
});

test('the first view is small', async () => {
  await on({}, async (page) => {
    await page.getByRole('heading', { name: 'Latest changes' }).waitFor();
    const bytes = await page.evaluate(() => performance.getEntriesByType('resource').filter((each) => /\.(js|css)$/.test(new URL(each.name).pathname)).reduce((sum, each) => sum + each.encodedBodySize, 0));
    assert.ok(bytes > 10_000 && bytes < 350_000, `${bytes} bytes`);
  });
});

test('no script of a row runs, and none is written into the page', async () => {
  await ask('POST', '/events', { event_type: 'order_placed', data: { id: 1, note: '<img src=x onerror="window.hacked=1">' }, metadata: { source: 'web-shop' } });
  await on({ at: '/events?source=web-shop' }, async (page) => {
    await page.getByRole('row').nth(1).click();
    await page.getByText('<img src=x onerror="window.hacked=1">').first().waitFor();
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.append('window.hacked = 2');
      document.body.append(script);
      return window.hacked;
    }).catch(() => 'refused');
    assert.notEqual(ran, 2);
    page.troubles.length = 0; // the refusal is reported, as it should be
  });
});

test('overview: what needs attention leads to the errors', async () => {
  await on({}, async (page) => {
    await page.getByText('12 executions used up all retries').waitFor();
    await page.getByRole('link', { name: 'Look at the errors' }).click();
    await page.getByText('12 dead letters for 2 reasons').waitFor();
  });
});

test('events: live, paused, filtered by the URL', async () => {
  await on({ at: '/events?table=orders' }, async (page) => {
    await page.getByRole('status').getByText('Live').waitFor();
    const grid = page.getByRole('grid', { name: 'Events' });
    await grid.getByText('status: paid → shipped').first().waitFor();
    assert.equal(await grid.getByText('inventory').count(), 0);
    await page.keyboard.press('p');
    await page.getByText('Paused').waitFor();
    await page.getByRole('button', { name: /new, show/ }).click();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Remove the filter Table' }).click();
    await grid.getByText('inventory').first().waitFor();
    assert.equal(new URL(page.url()).search, '');
  });
});

test('event: the journey says which trigger fired and which condition kept another from it', async () => {
  const event = await anUpdate();
  await on({ at: `/events/${encodeURIComponent(event.event_id)}` }, async (page) => {
    const pane = page.getByRole('region', { name: `Event ${event.event_id}` });
    await pane.getByRole('button', { name: /Order status changed.*Matched/ }).waitFor();
    await pane.getByRole('button', { name: /Stock changed.*Filtered/ }).click();
    await pane.getByText('the table is not among the trigger').waitFor();
    await pane.getByRole('rowheader', { name: 'status (changed)' }).waitFor();
    await pane.getByRole('link', { name: /Completed.*order-status/ }).click();
    await page.getByRole('region', { name: /^Execution / }).getByText('Which status').first().waitFor();
  });
});

test('keyboard: go, move, open, close, search, the list of keys', async () => {
  await on({}, async (page) => {
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('x');
    await page.getByRole('heading', { name: 'Executions', level: 1 }).waitFor();
    await page.getByRole('row').nth(3).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: /^Execution / }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('region', { name: /^Execution / }).waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('Next row').waitFor();
    assert.deepEqual(await axe(page), []);
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: 'Search by name or id' }).fill('shop');
    await page.getByRole('option', { name: /shop.*Source/ }).waitFor();
    assert.deepEqual(await axe(page), []);
    await page.getByRole('option', { name: /shop.*Source/ }).click();
    await page.getByRole('region', { name: 'Source shop' }).waitFor();
  });
});

test('executions: a dead letter shows the node that failed with its input, and is retried', async () => {
  const letter = await aDeadLetter();
  await on({ at: `/executions/${letter.id}` }, async (page) => {
    const pane = page.getByRole('region', { name: `Execution ${letter.id}` });
    await pane.getByText('All retries are used up').waitFor();
    await pane.getByRole('button', { name: /Failed/ }).waitFor();
    await pane.getByRole('group', { name: 'the input' }).first().waitFor();
    await pane.getByRole('button', { name: /^Retry from (Charge the card|Ship the parcel)$/ }).click();
    for (let now = letter; now.finished_at === letter.finished_at || now.status !== 'dead_letter';) now = await ask('GET', `/executions/${letter.id}`);
    await pane.getByText('All retries are used up').waitFor();
    await pane.getByRole('button', { name: 'Retry with another input…' }).click();
    await pane.getByLabel('Input in place of the recorded one').fill('{"broken": ');
    await pane.getByRole('button', { name: 'Retry with this input' }).click();
    await pane.locator('.problem').waitFor();
  });
});

test('an event is replayed: without effects, then with, and the new execution says what it was given', async () => {
  await ask('POST', '/workflows', {
    id: 'tell', name: 'Tell', nodes: [{ node_id: 'in', node_type: 'input' }, { node_id: 'say', node_type: 'log', name: 'Say', config: { message: 'told {{ item.order }}' } }],
    connections: [{ from_node_id: 'in', to_node_id: 'say' }],
  });
  await ask('POST', '/triggers', { name: 'Tell it', source: 'replays', event_type: 'order_placed', workflow_id: 'tell', config: { where: 'id > 1', transform: 'return { order = new.id }' } });
  const { event_id: passed } = await ask('POST', '/events', { event_type: 'order_placed', data: { id: 7 }, metadata: { source: 'replays' } });
  const { event_id: filtered } = await ask('POST', '/events', { event_type: 'order_placed', data: { id: 1 }, metadata: { source: 'replays' } });
  await on({ at: `/events/${passed}` }, async (page) => {
    const pane = page.getByRole('region', { name: `Event ${passed}` });
    await pane.getByRole('button', { name: /Tell it.*Matched/ }).waitFor();
    await page.keyboard.press('r');
    await pane.getByText('It ran for this event before').waitFor();
    const input = pane.getByLabel('What tell starts with');
    assert.deepEqual(JSON.parse(await input.inputValue()), { order: 7 });
    await pane.getByRole('button', { name: 'Replay without effects' }).click();
    const did = pane.getByRole('region', { name: 'What the replay did' });
    await did.getByText('Nothing was sent or written.').waitFor();
    assert.deepEqual(await axe(page), []);
    await input.fill('{"order": 9007199254740993}');
    await pane.getByLabel(/^Without effects/).uncheck();
    await pane.getByRole('button', { name: 'Replay with effects' }).click();
    await did.getByRole('link', { name: 'Open its execution' }).click();
    await page.getByRole('region', { name: /^Execution run-/ }).getByRole('button', { name: /^Say/ }).click();
    await page.getByText('9007199254740993').first().waitFor();
    assert.equal(await page.getByRole('button', { name: /^Retry/ }).count(), 0);
    await page.getByRole('button', { name: 'Replay…' }).click();
    assert.match(await page.getByLabel('What tell starts with').inputValue(), /9007199254740993/);
    await page.getByRole('button', { name: 'Replay without effects' }).click();
    await page.getByText('Nothing was sent or written.').waitFor();
  });
  await on({ at: `/events/${filtered}` }, async (page) => {
    await page.getByRole('button', { name: 'Replay…' }).click();
    await page.getByText(/The trigger as it is now would not fire/).waitFor();
    await page.getByRole('button', { name: 'Replay without effects' }).click();
    await page.getByText('Nothing was sent or written.').waitFor();
  });
  assert.equal((await ask('GET', '/executions?workflow_id=tell')).total, 2);
});

test('an event is saved as a fixture, byte for byte as `rowhook tail --save` does', async () => {
  const event = await anUpdate();
  await on({ at: `/events/${encodeURIComponent(event.event_id)}` }, async (page) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Fixture' }).click()]);
    const file = join(demo.engine.folder, download.suggestedFilename());
    assert.equal(download.suggestedFilename(), `orders-record_updated-${event.seq}.json`);
    await run(process.env.ROWHOOK, ['tail', '--data-dir', join(demo.engine.folder, 'data'), '--from', String(event.seq), '--event-type', 'record_updated', '--save', file]);
    assert.equal(readFileSync(await download.path(), 'utf8'), readFileSync(file, 'utf8'));
  });
});

test('executions: a whole group of errors is discarded, after being asked once more', async () => {
  await on({ at: '/executions?status=dead_letter&view=errors' }, async (page) => {
    await page.getByRole('button', { name: 'Discard 4 executions…' }).click();
    await page.getByText('Discarding cannot be undone.').waitFor();
    await page.getByRole('button', { name: 'Keep them' }).click();
    await page.getByRole('button', { name: 'Discard 4 executions…' }).click();
    await page.getByRole('button', { name: 'Discard 4 executions', exact: true }).click();
    await page.getByText('8 dead letters for 1 reason').waitFor();
  });
  assert.equal((await ask('GET', '/dead-letters?limit=1')).total, 8);
});

test('executions: what is mended is retried as a group, and the errors are gone', async () => {
  const mended = await fetch(`${demo.engine.base}/api/v1/workflows/charge-card`, { headers: { Authorization: `Bearer ${demo.engine.token()}` } });
  const workflow = await mended.json();
  workflow.nodes[1].config = { transform: 'return { charged = new.card }' };
  const { revision, created_at, updated_at, ...body } = workflow;
  const saved = await fetch(`${demo.engine.base}/api/v1/workflows/charge-card`, {
    method: 'PUT', body: JSON.stringify(body), headers: { Authorization: `Bearer ${demo.engine.token()}`, 'Content-Type': 'application/json', 'If-Match': mended.headers.get('etag') },
  });
  assert.equal(saved.status, 200, await saved.text());
  await on({ at: '/executions?status=dead_letter&view=errors' }, async (page) => {
    await page.getByRole('button', { name: 'Retry 8 executions' }).click();
    await page.getByText('No dead letters').waitFor();
    await page.goto(`${demo.engine.base}/executions?workflow_id=charge-card&status=completed`);
    await page.getByRole('row').nth(8).waitFor();
  });
});

test('sources: paused, seen everywhere, goes on', async () => {
  await on({ at: '/sources/shop' }, async (page) => {
    await page.getByRole('button', { name: 'Pause capture' }).click();
    await page.getByRole('list', { name: 'Sources' }).getByText('paused').first().waitFor();
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('button', { name: 'Pause capture' }).waitFor();
    await page.getByRole('button', { name: 'Ask the doctor' }).click();
    await page.getByText('Nothing stands in the way of capture').waitFor();
    assert.deepEqual(await axe(page), []);
  });
});

test('settings: a token is made, shown once, revoked; a viewer is told what is missing', async () => {
  let secret;
  await on({ at: '/settings/tokens' }, async (page) => {
    await page.getByLabel('What it is for').fill('wall board');
    await page.getByLabel('Role').selectOption('viewer');
    await page.getByRole('button', { name: 'Make the token' }).click();
    secret = await page.getByRole('group', { name: 'the token' }).innerText();
    assert.match(secret, /^rowhook_/);
    await page.getByRole('row', { name: /wall board/ }).waitFor();
  });
  await on({ at: '/settings/tokens', token: secret }, async (page) => {
    await page.getByText('Tokens are for admins').waitFor();
    await page.goto(`${demo.engine.base}/sources/shop`);
    await page.getByText('Every committed change arrives').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Pause capture' }).count(), 0);
  });
  await on({ at: '/settings/tokens' }, async (page) => {
    await page.getByRole('button', { name: 'Revoke wall board…' }).click();
    await page.getByRole('button', { name: 'Revoke for good' }).click();
    await page.getByRole('row', { name: /wall board.*Revoked/ }).waitFor();
  });
});

test('settings: the audit log says who changed what, and leads there', async () => {
  const { id } = (await ask('GET', '/triggers?name=Order%20deleted')).items[0];
  await ask('POST', `/triggers/${id}/deactivate`);
  await ask('POST', `/triggers/${id}/activate`);
  await on({ at: `/settings/audit?object=/triggers/${id}` }, async (page) => {
    const log = page.getByRole('grid', { name: 'Audit log' });
    await log.getByRole('row', { name: /admin.*triggers\.deactivate/ }).first().waitFor();
    assert.deepEqual(await axe(page), []);
    await log.getByRole('link', { name: `/triggers/${id}` }).first().click();
    await page.getByRole('region', { name: `Trigger ${id}` }).getByRole('link', { name: 'by whom' }).click();
    await log.getByRole('row', { name: /triggers\.activate/ }).first().waitFor();
  });
});

test('settings: connections with what the doctor finds; retention in force, and the lines that change it', async () => {
  await on({ at: '/settings/connections' }, async (page) => {
    const shop = page.getByRole('region', { name: 'Connection shop' });
    await shop.getByRole('button', { name: 'Ask the doctor' }).click();
    await shop.getByText('Nothing stands in the way of capture').waitFor();
    assert.deepEqual(await axe(page), []);
    await page.getByRole('link', { name: 'Journal and retention' }).click();
    const lines = page.getByRole('group', { name: 'the configuration' });
    await lines.getByText('"max_age": "7d"').waitFor();
    await page.getByLabel('Keep events for').fill('a month');
    await page.getByText('A whole number and a unit: 12h, 30d').waitFor();
    assert.equal(await lines.count(), 0);
    await page.getByLabel('Keep events for').fill('30d');
    assert.deepEqual(await axe(page), []);
    const file = join(demo.engine.folder, 'retention.json');
    writeFileSync(file, `{ ${await lines.innerText()} }`);
    await run(process.env.ROWHOOK, ['config', 'check', file]); // fails where the engine would not take it
    assert.match(readFileSync(file, 'utf8'), /"max_age": "30d", "max_bytes": "10GiB"/);
  });
});

test('appearance: the chosen theme stays', async () => {
  await on({ at: '/settings/appearance' }, async (page) => {
    await page.getByLabel('Dark').check();
    await page.reload();
    await page.getByRole('heading', { name: 'Appearance' }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  });
});

test('an engine that goes away and comes back is said so', async () => {
  const second = await startDemo();
  const page = await openPage(demo.browser, second, { at: '/events' });
  await page.getByText('Live', { exact: true }).waitFor({ timeout: 20_000 });
  await second.stop();
  await page.getByText('Connection lost', { exact: true }).waitFor({ timeout: 20_000 });
  await page.context().close();
});
