// The screen of the triggers, in Chromium, against the program: what it shows and what it changes is asked of the API as well.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, axe, startBrowser, startEngine, visit } from './browser.mjs';

let engine;
let browser;
before(async () => {
  engine = await startEngine(['demo', '--data-dir', '{folder}', '--listen', '127.0.0.1:0']);
  browser = await startBrowser();
}, { timeout: 120_000 });
after(async () => {
  await browser?.close();
  await engine?.stop();
});

const on = (options, act) => visit(browser, engine, options, act);

/** Asks until the answer is as wanted. */
async function until(path, wanted) {
  for (;;) {
    const answer = await ask(engine, 'GET', path);
    if (wanted(answer)) return answer;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

const stored = async (name) => (await ask(engine, 'GET', `/triggers?name=${encodeURIComponent(name)}`)).items[0];

test('a switch takes effect at once; filters are in the address', async () => {
  const troubles = await on({ at: '/triggers' }, async (page) => {
    const flip = page.getByRole('switch', { name: 'Order deleted is active' });
    await flip.click();
    await page.getByRole('switch', { name: 'Order deleted is active', checked: false }).waitFor();
    assert.equal((await stored('Order deleted')).is_active, false);
    await page.getByText('5, 4 active').waitFor();
    await page.goto(`${engine.base}/triggers?is_active=false`);
    await page.getByText('1 of 5').waitFor();
    await page.getByRole('row', { name: /Order deleted/ }).click();
    await page.getByRole('region', { name: /^Trigger / }).waitFor();
    assert.match(page.url(), /\/triggers\/\d+\?is_active=false$/);
    await page.keyboard.press('e');
    await until('/triggers?is_active=false', (list) => list.total === 0);
  });
  assert.deepEqual(troubles, []);
});

test('several are switched at once, and the buttons say how many', async () => {
  await on({ at: '/triggers' }, async (page) => {
    await page.getByRole('checkbox', { name: 'Pick all rows' }).click();
    assert.ok(await page.getByRole('button', { name: 'Enable 0 triggers' }).isDisabled());
    await page.getByRole('button', { name: 'Disable 5 triggers' }).click();
    await page.getByRole('button', { name: 'Enable 5 triggers' }).click();
    await page.getByRole('button', { name: 'Disable 5 triggers' }).waitFor();
  });
  assert.equal((await ask(engine, 'GET', '/triggers?is_active=true')).total, 5);
});

test('a trigger is made, with what is wrong at its field, changed, and deleted', async () => {
  await on({ at: '/triggers' }, async (page) => {
    await page.getByRole('grid', { name: 'Triggers' }).waitFor();
    await page.keyboard.press('n');
    const form = page.getByRole('region', { name: 'New trigger' });
    await form.getByLabel('Name', { exact: true }).fill('Order paid');
    await form.getByLabel('Source', { exact: true }).fill('shop');
    await form.getByRole('button', { name: 'orders', exact: true }).click();
    await form.getByRole('button', { name: 'status', exact: true }).click();
    await form.getByLabel('Condition').fill('status = ');
    await form.getByText("expected a column or a literal after '='").waitFor();
    await form.getByLabel('Condition').fill("status = 'paid'");
    await form.getByLabel('Workflow', { exact: true }).fill('no-such-workflow');
    await form.getByLabel('Retries', { exact: true }).fill('three');
    await form.getByRole('button', { name: 'Make the trigger, inactive' }).click();
    await form.getByText('Not saved: what is wrong stands at its field.').waitFor();
    assert.ok(await form.getByLabel('Retries', { exact: true }).getAttribute('aria-invalid') === 'true');
    assert.deepEqual(await axe(page), []);
    await form.getByLabel('Retries', { exact: true }).fill('2');
    await form.getByLabel('Workflow', { exact: true }).fill('order-status');
    await form.getByRole('button', { name: 'Make the trigger, inactive' }).click();
    const pane = page.getByRole('region', { name: /^Trigger \d+/ });
    await pane.getByText('It has not fired yet.').waitFor();
    const made = await stored('Order paid');
    assert.deepEqual(made.config, { tables: ['orders'], changed: ['status'], where: "status = 'paid'", retry: { max_retries: 2 } });
    assert.equal(made.is_active, false);

    await pane.getByRole('link', { name: 'Edit' }).click();
    const edit = page.getByRole('region', { name: /^Edit trigger/ });
    await edit.getByLabel('Description').fill('Mine');
    await ask(engine, 'POST', `/triggers/${made.id}/activate`);
    await edit.getByRole('button', { name: 'Save the trigger' }).click();
    await edit.getByText('Somebody changed this trigger meanwhile').waitFor();
    await edit.getByRole('row', { name: /description.*Mine/ }).waitFor();
    assert.equal((await stored('Order paid')).description, '');
    await edit.getByRole('button', { name: 'Keep mine, to save over it' }).click();
    await edit.getByRole('button', { name: 'Save the trigger' }).click();
    await pane.getByText('Mine', { exact: true }).waitFor();
    assert.equal((await stored('Order paid')).description, 'Mine');

    await pane.getByRole('button', { name: 'Delete…' }).click();
    await pane.getByText('Deleting cannot be undone.').waitFor();
    await pane.getByRole('button', { name: 'Delete the trigger' }).click();
    await pane.waitFor({ state: 'detached' });
  });
  assert.equal(await stored('Order paid'), undefined);
});

test('a test against recorded events shows the verdict of each, and the condition that failed', async () => {
  await until('/events?event_type=record_updated&table=orders&limit=1', (list) => list.items.length > 0);
  await until('/events?event_type=record_updated&table=inventory&limit=1', (list) => list.items.length > 0);
  const { id } = await ask(engine, 'POST', '/triggers', {
    name: 'Never paid', source: 'shop', event_type: 'record_updated', workflow_id: 'order-status', is_active: false, config: { tables: ['orders'], where: "status = 'no such status'" },
  });
  const before = (await ask(engine, 'GET', `/executions?trigger_id=${id}`)).total;
  const troubles = await on({ at: `/triggers/${id}` }, async (page) => {
    const pane = page.getByRole('region', { name: `Trigger ${id}` });
    await pane.getByRole('button', { name: /^Test the last/ }).click();
    await pane.getByText(/^\d+ filtered$/).waitFor();
    await pane.getByRole('list', { name: 'Verdicts' }).getByRole('button', { name: /Filtered.*where|Filtered.*status/ }).first().click();
    await pane.getByRole('button', { name: /Never paid.*Filtered/ }).waitFor();
    await pane.getByRole('region', { name: 'Never paid' }).getByText('no such status').first().waitFor();
    assert.deepEqual(await axe(page), []);
  });
  assert.deepEqual(troubles, []);
  assert.equal((await ask(engine, 'GET', `/executions?trigger_id=${id}`)).total, before);
  await ask(engine, 'DELETE', `/triggers/${id}`);
});
