// The screen of the scripts, in Chromium, against the program: the editor under the page's policy, runs, and saving.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, axe, startBrowser, startEngine, visit } from './browser.mjs';

let engine;
let browser;
before(async () => {
  engine = await startEngine(['demo', '--data-dir', '{folder}', '--listen', '127.0.0.1:0']);
  browser = await startBrowser();
  while ((await ask(engine, 'GET', '/executions?workflow_id=order-status&status=completed&limit=1')).total === 0)
    await new Promise((resolve) => { setTimeout(resolve, 50); });
}, { timeout: 120_000 });
after(async () => {
  await browser?.close();
  await engine?.stop();
});

const on = (options, act) => visit(browser, engine, options, act);

/** Puts `text` in place of everything in the editor. */
async function write(page, text) {
  const editor = page.getByRole('textbox', { name: /^Source of/ });
  await editor.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete'); // the editor's own doing; Chromium would keep the old text's style otherwise, and the policy refuses that
  await page.keyboard.insertText(text);
}

test('a script runs against the last change that ran it: before and after, log, cost', async () => {
  const troubles = await on({ at: '/scripts' }, async (page) => {
    await page.getByRole('row', { name: /order_status/ }).click();
    await page.getByRole('heading', { name: 'order_status', level: 1 }).waitFor();
    await page.getByText('No error found.').waitFor();
    await page.getByRole('link', { name: 'Order status', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('group', { name: 'the result' }).getByText('"new_status"').waitFor();
    await page.getByRole('group', { name: 'the row' }).getByText('"customer_email"').waitFor();
    await write(page, 'local row = copy(new)\nrow.status = row.status:upper()\nreturn row\n');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('rowheader', { name: 'status (changed)' }).waitFor();
    await write(page, 'log.warning("seen " .. new.status)\nreturn new.status == "no such status"\n');
    await page.getByLabel('Kind').selectOption('filter');
    await page.keyboard.press('Control+Enter');
    await page.getByText('the event does not pass').waitFor();
    await page.getByText(/^seen /).waitFor();
    await page.getByText('Memory', { exact: true }).waitFor();
    assert.deepEqual(await axe(page), []);
    assert.equal((await ask(engine, 'GET', '/scripts/order_status')).revision, 1); // run, not saved
  });
  assert.deepEqual(troubles, []);
});

test('what is wrong stands at its line; columns of the table are offered', async () => {
  const troubles = await on({ at: '/scripts/order_status' }, async (page) => {
    await page.getByText('No error found.').waitFor();
    await write(page, 'local a = 1\nreturn { id = nwe.id }\n');
    const findings = page.getByRole('list', { name: 'Findings' });
    await findings.getByRole('button', { name: /2:15 nothing is named 'nwe'/ }).waitFor();
    await page.locator('.cm-lintRange-error').waitFor();
    assert.deepEqual(await axe(page), []);
    await write(page, 'return { mail = new.');
    await page.keyboard.type('cust');
    await page.locator('.cm-tooltip-autocomplete').getByText('customer_email', { exact: true }).click();
    await page.getByRole('textbox', { name: /^Source of/ }).getByText('return { mail = new.customer_email').waitFor();
  });
  assert.deepEqual(troubles, []);
});

test('a new script is saved under its name, changed with Ctrl-S, and deleted', async () => {
  await on({ at: '/scripts?new=1' }, async (page) => {
    await page.getByLabel('Name of the script').fill('paid/only');
    await write(page, 'return new.status == "paid"\n');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name: 'paid/only', level: 1 }).waitFor();
    await page.getByText('revision 1', { exact: true }).waitFor();
    await write(page, 'return new.status == "paid" and new.total_amount > 10\n');
    await page.keyboard.press('Control+s');
    await page.getByText('revision 2', { exact: true }).waitFor();
    assert.match((await ask(engine, 'GET', '/scripts/paid%2Fonly')).source, /total_amount > 10/);
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('button', { name: 'Delete the script' }).click();
    await page.getByRole('grid', { name: 'Scripts' }).waitFor();
  });
  assert.equal((await ask(engine, 'GET', '/scripts')).items.some((each) => each.name === 'paid/only'), false);
});

test('a script that somebody saved meanwhile is not overwritten: the difference is shown', async () => {
  await ask(engine, 'PUT', '/scripts/shared', { source: '-- first\nreturn { a = new.id }\n' });
  await on({ at: '/scripts/shared' }, async (page) => {
    await page.getByText('revision 1', { exact: true }).waitFor();
    await write(page, '-- first\nreturn { mine = new.id }\n');
    await saveElsewhere('-- another one\nreturn { theirs = new.id }\n');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText(/saved revision 2 meanwhile/).waitFor();
    const diff = page.getByRole('textbox', { name: 'What differs from revision 2' });
    await diff.getByText('theirs').first().waitFor();
    assert.match((await ask(engine, 'GET', '/scripts/shared')).source, /theirs/);
    assert.deepEqual(await axe(page), []);
    await page.getByRole('button', { name: 'Keep mine, to save over it' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('revision 3', { exact: true }).waitFor();
    assert.match((await ask(engine, 'GET', '/scripts/shared')).source, /mine/);
  });
});

/** As another person does: with the revision that is stored now. */
async function saveElsewhere(source) {
  const { revision } = await ask(engine, 'GET', '/scripts/shared');
  const answer = await fetch(`${engine.base}/api/v1/scripts/shared`, {
    method: 'PUT', headers: { Authorization: `Bearer ${engine.token()}`, 'Content-Type': 'application/json', 'If-Match': `"${revision}"` }, body: JSON.stringify({ source }),
  });
  assert.equal(answer.status, 200);
}

test('a viewer reads scripts and cannot change them', async () => {
  const { token } = await ask(engine, 'POST', '/tokens', { name: 'reader', role: 'viewer' });
  const troubles = await on({ at: '/scripts/stock_level', token }, async (page) => {
    await page.getByText('Changing it needs the role author.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Save', exact: true }).count(), 0);
    assert.ok(await page.getByRole('button', { name: 'Run', exact: true }).isDisabled());
  });
  assert.deepEqual(troubles, []);
});
