// The screen of the triggers, in Chromium, against the program: what it shows and what it changes is asked of the API as well.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe } from './browser.mjs';
import { useDemo, write } from './demo.mjs';

const demo = useDemo();
const { ask, on, until } = demo;

const stored = async (name) => (await ask('GET', `/triggers?name=${encodeURIComponent(name)}`)).items[0];

test('a switch takes effect at once; filters are in the address', async () => {
  await on({ at: '/triggers' }, async (page) => {
    const flip = page.getByRole('switch', { name: 'Order deleted is active' });
    await flip.click();
    await page.getByRole('switch', { name: 'Order deleted is active', checked: false }).waitFor();
    assert.equal((await stored('Order deleted')).is_active, false);
    await page.getByText('5, 4 active').waitFor();
    await page.goto(`${demo.engine.base}/triggers?is_active=false`);
    await page.getByText('1 of 5').waitFor();
    await page.getByRole('row', { name: /Order deleted/ }).click();
    await page.getByRole('region', { name: /^Trigger / }).getByRole('switch').waitFor(); // its key is there with it
    assert.match(page.url(), /\/triggers\/\d+\?is_active=false$/);
    await page.keyboard.press('e');
    await until('/triggers?is_active=false', (list) => list.total === 0);
  });
});

test('several are switched at once, and the buttons say how many', async () => {
  await on({ at: '/triggers' }, async (page) => {
    await page.getByRole('checkbox', { name: 'Pick all rows' }).click();
    assert.ok(await page.getByRole('button', { name: 'Enable 0 triggers' }).isDisabled());
    await page.getByRole('button', { name: 'Disable 5 triggers' }).click();
    await page.getByRole('button', { name: 'Enable 5 triggers' }).click();
    await page.getByRole('button', { name: 'Disable 5 triggers' }).waitFor();
  });
  assert.equal((await ask('GET', '/triggers?is_active=true')).total, 5);
});

test('a trigger is made, with what is wrong at its field, changed, and deleted', async () => {
  await on({ at: '/triggers', refused: [412, 422] }, async (page) => {
    await page.getByRole('grid', { name: 'Triggers' }).waitFor();
    await page.keyboard.press('n');
    const form = page.getByRole('region', { name: 'New trigger' });
    await form.getByLabel('Name', { exact: true }).fill('Order paid');
    await form.getByLabel('Source', { exact: true }).fill('shop');
    await form.getByRole('button', { name: 'orders', exact: true }).click();
    await form.getByRole('button', { name: 'status', exact: true }).click();
    await write(page, form.getByLabel('Condition'), 'status = ');
    await form.getByText("expected a column or a literal after '='").waitFor();
    await form.locator('.cm-lintPoint-error').waitFor({ state: 'attached' }); // a mark without a width
    await write(page, form.getByLabel('Condition'), "status = 'paid'");
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
    await ask('POST', `/triggers/${made.id}/activate`);
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

test('code in the form: names are offered, what is wrong stands at its place, Tab leaves', async () => {
  await on({ at: '/triggers/new?source=shop' }, async (page) => {
    const form = page.getByRole('region', { name: 'New trigger' });
    await form.getByRole('button', { name: 'orders', exact: true }).click();
    const [condition, filter] = [form.getByRole('textbox', { name: 'Condition' }), form.getByRole('textbox', { name: 'Filter (Lua)' })];
    const offered = (name) => page.locator('.cm-tooltip-autocomplete').getByText(name, { exact: true });
    await form.locator('.cm-editor').nth(2).waitFor();
    await condition.click();
    await page.keyboard.type("status = 'paid' AND tot");
    await offered('total_amount').click();
    await condition.getByText("status = 'paid' AND total_amount").waitFor();
    await page.keyboard.press('Tab');
    assert.ok(await filter.evaluate((element) => element === document.activeElement), 'Tab leaves the field for the next one');
    await page.keyboard.type('new.statsu == "paid"');
    await form.getByText("table 'orders' has no column 'statsu'; did you mean 'status'?").first().waitFor();
    await form.locator('.cm-lintRange-error').waitFor();
    assert.deepEqual(await axe(page), []);
    await page.keyboard.press('Escape');
    await filter.waitFor(); // Escape belongs to the field: nothing that was written is lost
    await write(page, filter, 'new.');
    await page.keyboard.type('cust');
    await offered('customer_email').click(); // Enter would do, but not in the first 75 ms
    await filter.getByText('new.customer_email').waitFor();
    await page.keyboard.press('Shift+Tab');
    assert.ok(await condition.evaluate((element) => element === document.activeElement), 'and Shift+Tab for the one before');
  });
});

test('a back-test says how often a changed trigger would have fired, where it fails, and what differs', async () => {
  const { total } = await until('/events?event_type=record_updated&table=orders&limit=1', (list) => list.total > 5);
  assert.ok(total > 5);
  const trigger = await stored('Order status changed');
  await on({ at: `/triggers/${trigger.id}/edit` }, async (page) => {
    const form = page.getByRole('region', { name: /^Edit trigger/ });
    await form.locator('.cm-editor').nth(2).waitFor();
    await write(page, form.getByRole('textbox', { name: 'Filter (Lua)' }), 'if new.status == "paid" then return true end\nreturn #new.status');
    await form.getByRole('button', { name: 'Back-test', exact: true }).click();
    await form.getByRole('button', { name: 'Back-test again' }).waitFor();
    await form.getByText(/The stored revision \d+ fires \d+ times/).waitFor();
    await form.getByText('Where it fails').waitFor();
    await form.getByText(/returned/).first().waitFor();
    const row = form.getByRole('row').filter({ hasText: 'Fails' }).first();
    await row.getByText('Fires').waitFor();
    assert.deepEqual(await axe(page), []);
    const [opened] = await Promise.all([page.context().waitForEvent('page'), row.getByRole('link').click()]);
    await opened.getByRole('region', { name: /^Event shop:/ }).waitFor();
    await opened.close();
    await write(page, form.getByRole('textbox', { name: 'Filter (Lua)' }), 'return new.status == "paid"');
    await form.getByText('It was changed since').waitFor();
    await form.getByRole('button', { name: 'Back-test again' }).click();
    await form.getByText('never fails').waitFor();
  });
  assert.equal((await stored('Order status changed')).revision, trigger.revision);
  await on({ at: '/triggers/new?source=shop' }, async (page) => {
    const form = page.getByRole('region', { name: 'New trigger' });
    await form.getByRole('button', { name: 'Back-test', exact: true }).click(); // before it has a name
    await form.getByText(/^Fires \d+ times/).waitFor();
    await form.getByRole('columnheader', { name: 'Starts with' }).waitFor();
  });
});

test('the list shows rate, errors and time of each trigger, and its last error', async () => {
  await ask('POST', '/workflows', { id: 'refuses', name: 'Refuses', nodes: [{ node_id: 'in', node_type: 'input' }, { node_id: 'no', node_type: 'transform', config: { transform: 'error("the till is closed")' } }], connections: [{ from_node_id: 'in', to_node_id: 'no' }] });
  const { id } = await ask('POST', '/triggers', { name: 'Refuses all', source: 'till', event_type: 'sale', workflow_id: 'refuses', config: { retry: { max_retries: 0 } } });
  await ask('POST', '/events', { event_type: 'sale', data: { id: 1 }, metadata: { source: 'till' } });
  await until(`/executions?trigger_id=${id}&status=dead_letter`, (list) => list.total === 1);
  await on({ at: '/triggers' }, async (page) => {
    await page.getByRole('row', { name: /Order status changed/ }).getByRole('img', { name: /executions? in ten minutes/ }).waitFor();
    await page.getByRole('row', { name: /Order status changed/ }).getByRole('img', { name: /^99 of 100 took at most/ }).waitFor();
    const failing = page.getByRole('row', { name: /Refuses all/ });
    await failing.getByRole('img', { name: '1 attempt failed in ten minutes' }).waitFor();
    assert.deepEqual(await axe(page), []);
    await failing.getByRole('link', { name: /the till is closed/ }).click();
    await page.getByRole('region', { name: /^Execution / }).getByText('All retries are used up').waitFor();
  });
  await ask('DELETE', '/workflows/refuses');
});

test('a test against recorded events shows the verdict of each, and the condition that failed', async () => {
  await until('/events?event_type=record_updated&table=orders&limit=1', (list) => list.items.length > 0);
  await until('/events?event_type=record_updated&table=inventory&limit=1', (list) => list.items.length > 0);
  const { id } = await ask('POST', '/triggers', {
    name: 'Never paid', source: 'shop', event_type: 'record_updated', workflow_id: 'order-status', is_active: false, config: { tables: ['orders'], where: "status = 'no such status'" },
  });
  const before = (await ask('GET', `/executions?trigger_id=${id}`)).total;
  await on({ at: `/triggers/${id}` }, async (page) => {
    const pane = page.getByRole('region', { name: `Trigger ${id}` });
    await pane.getByRole('button', { name: /^Test the last/ }).click();
    await pane.getByText(/^\d+ filtered$/).waitFor();
    await pane.getByRole('list', { name: 'Verdicts' }).getByRole('button', { name: /Filtered.*where|Filtered.*status/ }).first().click();
    await pane.getByRole('button', { name: /Never paid.*Filtered/ }).waitFor();
    await pane.getByRole('region', { name: 'Never paid' }).getByText('no such status').first().waitFor();
    assert.deepEqual(await axe(page), []);
  });
  assert.equal((await ask('GET', `/executions?trigger_id=${id}`)).total, before);
  await ask('DELETE', `/triggers/${id}`);
});
