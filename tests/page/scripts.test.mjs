// The screen of the scripts, in Chromium, against the program: the editor under the page's policy, runs, and saving.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe } from './browser.mjs';
import { useDemo, write } from './demo.mjs';

const { ask, on, until } = useDemo((demo) => demo.until('/executions?workflow_id=order-status&status=completed&limit=1', ({ total }) => total > 0));

const source = (page) => page.getByRole('textbox', { name: /^Source of/ });

test('a script runs against the last change that ran it: before and after, log, cost', async () => {
  await on({ at: '/scripts' }, async (page) => {
    await page.getByRole('row', { name: /order_status/ }).click();
    await page.getByRole('heading', { name: 'order_status', level: 1 }).waitFor();
    await page.getByText('No error found.').waitFor();
    await page.getByRole('link', { name: 'Order status', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('group', { name: 'the result' }).getByText('"new_status"').waitFor();
    await page.getByRole('group', { name: 'the row' }).getByText('"customer_email"').waitFor();
    await write(page, source(page), 'local row = copy(new)\nrow.status = row.status:upper()\nreturn row\n');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('rowheader', { name: 'status (changed)' }).waitFor();
    await write(page, source(page), 'log.warning("seen " .. new.status)\nreturn new.status == "no such status"\n');
    await page.getByLabel('Kind').selectOption('filter');
    await page.keyboard.press('Control+Enter');
    await page.getByText('the event does not pass').waitFor();
    await page.getByText(/^seen /).waitFor();
    await page.getByText('Memory', { exact: true }).waitFor();
    assert.deepEqual(await axe(page), []);
    assert.equal((await ask('GET', '/scripts/order_status')).revision, 1); // run, not saved
  });
});

test('what is wrong stands at its line; columns of the table are offered', async () => {
  await on({ at: '/scripts/order_status' }, async (page) => {
    await page.getByText('No error found.').waitFor();
    await write(page, source(page), 'local a = 1\nreturn { id = nwe.id }\n');
    const findings = page.getByRole('list', { name: 'Findings' });
    await findings.getByRole('button', { name: /2:15 nothing is named 'nwe'/ }).waitFor();
    await page.locator('.cm-lintRange-error').waitFor();
    assert.deepEqual(await axe(page), []);
    await write(page, source(page), 'return { mail = new.');
    await page.keyboard.type('cust');
    await page.locator('.cm-tooltip-autocomplete').getByText('customer_email', { exact: true }).click();
    await page.getByRole('textbox', { name: /^Source of/ }).getByText('return { mail = new.customer_email').waitFor();
  });
});

test('a new script is saved under its name, changed with Ctrl-S, and deleted', async () => {
  await on({ at: '/scripts?new=1' }, async (page) => {
    await page.getByLabel('Name of the script').fill('paid/only');
    await write(page, source(page), 'return new.status == "paid"\n');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name: 'paid/only', level: 1 }).waitFor();
    await page.getByText('revision 1', { exact: true }).waitFor();
    await write(page, source(page), 'return new.status == "paid" and new.total_amount > 10\n');
    await page.keyboard.press('Control+s');
    await page.getByText('revision 2', { exact: true }).waitFor();
    assert.match((await ask('GET', '/scripts/paid%2Fonly')).source, /total_amount > 10/);
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('button', { name: 'Delete the script' }).click();
    await page.getByRole('grid', { name: 'Scripts' }).waitFor();
  });
  assert.equal((await ask('GET', '/scripts')).items.some((each) => each.name === 'paid/only'), false);
});

test('a script that somebody saved meanwhile is not overwritten: the difference is shown', async () => {
  await ask('PUT', '/scripts/shared', { source: '-- first\nreturn { a = new.id }\n' });
  await on({ at: '/scripts/shared', refused: [412] }, async (page) => {
    await page.getByText('revision 1', { exact: true }).waitFor();
    await write(page, source(page), '-- first\nreturn { mine = new.id }\n');
    await saveElsewhere('-- another one\nreturn { theirs = new.id }\n');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText(/saved revision 2 meanwhile/).waitFor();
    const diff = page.getByRole('textbox', { name: 'What differs from revision 2' });
    await diff.getByText('theirs').first().waitFor();
    assert.match((await ask('GET', '/scripts/shared')).source, /theirs/);
    assert.deepEqual(await axe(page), []);
    await page.getByRole('button', { name: 'Keep mine, to save over it' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('revision 3', { exact: true }).waitFor();
    assert.match((await ask('GET', '/scripts/shared')).source, /mine/);
  });
});

test('versions: who saved what, the difference, and back with one click', async () => {
  await ask('PUT', '/scripts/tried', { source: 'return { a = new.id }\n' });
  await ask('PUT', '/scripts/tried', { source: 'return { b = new.id }\n' }, { 'If-Match': '"1"' });
  await on({ at: '/scripts/tried' }, async (page) => {
    const versions = page.getByRole('list', { name: 'Versions' });
    await versions.getByRole('button', { name: /^2.*in force/ }).waitFor();
    await versions.getByRole('button', { name: /^1/ }).click();
    const diff = page.getByRole('textbox', { name: 'What a roll-back to revision 1 changes' });
    await diff.getByText('a = new.id').first().waitFor();
    assert.match(page.url(), /\?version=1$/);
    assert.deepEqual(await axe(page), []);
    await write(page, source(page), 'return { unsaved = new.id }\n');
    await page.getByText('What stands in the editor is not saved').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Roll back to revision 1' }).isDisabled());
    await write(page, source(page), 'return { b = new.id }\n');
    await page.getByRole('button', { name: 'Roll back to revision 1' }).click();
    await versions.getByRole('button', { name: /^3.*brought 1 back.*in force/ }).waitFor();
    await source(page).getByText('return { a = new.id }').waitFor();
    await page.getByText('revision 3', { exact: true }).waitFor();
    assert.equal((await ask('GET', '/scripts/tried')).source, 'return { a = new.id }\n');
    await versions.getByRole('button', { name: /^2/ }).click();
    await page.getByRole('button', { name: 'Only put it into the editor' }).click();
    await page.getByText('changed since revision 3').waitFor();
  });
  await ask('DELETE', '/scripts/tried');
  await on({ at: '/scripts/tried?version=2', refused: [404] }, async (page) => {
    await page.getByRole('button', { name: 'Bring it back as revision 2 was' }).click();
    await source(page).getByText('return { b = new.id }').waitFor();
  });
  assert.equal((await ask('GET', '/scripts/tried')).source, 'return { b = new.id }\n');
});

test('what a script costs, and a back-test of the text in the editor', async () => {
  await until('/scripts/order_status', ({ cost }) => cost.calls > 0);
  await ask('PUT', '/scripts/paid', { source: 'return new.status == "paid"\n' });
  const { id } = await ask('POST', '/triggers', { name: 'Paid', source: 'shop', event_type: 'record_updated', workflow_id: 'order-status', is_active: false, config: { tables: ['orders'], filter_script: 'paid' } });
  await on({ at: '/scripts' }, async (page) => {
    await page.getByRole('columnheader', { name: 'Calls' }).waitFor();
    await page.getByRole('row', { name: /^paid/ }).click();
    await page.getByText('Cost since the engine started').waitFor();
    await page.getByRole('button', { name: 'Back-test', exact: true }).waitFor();
    await write(page, source(page), 'return new.status ~= "paid"\n');
    await page.getByRole('button', { name: 'Back-test', exact: true }).click();
    await page.getByText('They differ on').waitFor();
    await page.getByRole('table').getByText('Passed over').first().waitFor();
    assert.deepEqual(await axe(page), []);
  });
  await ask('DELETE', `/triggers/${id}`);
});

/** As another person does: with the revision that is stored now. */
async function saveElsewhere(text) {
  const { revision } = await ask('GET', '/scripts/shared');
  await ask('PUT', '/scripts/shared', { source: text }, { 'If-Match': `"${revision}"` });
}

test('a viewer reads scripts and cannot change them', async () => {
  const { token } = await ask('POST', '/tokens', { name: 'reader', role: 'viewer' });
  await on({ at: '/scripts/stock_level', token }, async (page) => {
    await page.getByText('Changing it needs the role author.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Save', exact: true }).count(), 0);
    assert.ok(await page.getByRole('button', { name: 'Run', exact: true }).isDisabled());
  });
});
