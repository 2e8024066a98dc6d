// The workflow editor in Chromium against `rowhook demo`: made, drawn, run, saved, shared.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe } from './browser.mjs';
import { useDemo, write } from './demo.mjs';

const demo = useDemo();
const { ask } = demo;

const log = (id, x, y) => ({ node_id: id, node_type: 'log', name: `Log ${id}`, config: { message: `${id} {{ new.id }}` }, position: { x, y } });

/** A workflow of an input and two logs; only the first one is connected. */
async function aWorkflow(id) {
  await ask('POST', '/workflows', {
    id, name: id, nodes: [{ node_id: 'in', node_type: 'input', name: 'Input', position: { x: 0, y: 0 } }, log('a', 280, -80), log('b', 280, 80)],
    connections: [{ from_node_id: 'in', to_node_id: 'a' }, { from_node_id: 'in', to_node_id: 'b' }],
  });
}

const on = (options, act) => demo.on({ refused: [422], ...options }, act);
const outline = (page) => page.getByRole('region', { name: 'Outline' });
const panel = (page, name) => page.getByRole('group', { name: 'Panels' }).getByRole('button', { name, exact: true }).click();

async function save(page) {
  await panel(page, 'Save…');
  await page.getByRole('region', { name: 'Changes' }).getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Saved. What starts from now on runs this.').waitFor();
}

test('made, faults at their fields, a secret that is never shown, run, deleted', async () => {
  await on({ at: '/workflows' }, async (page) => {
    await page.getByRole('button', { name: 'New workflow' }).click();
    await page.getByLabel('Name of the new workflow').fill('Tell the warehouse');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Tell the warehouse', level: 1 }).waitFor();
    await outline(page).getByRole('button', { name: /^Input/ }).click();
    await page.getByRole('combobox', { name: 'Add a node' }).fill('http');
    await page.keyboard.press('Enter');
    const node = page.getByRole('region', { name: 'Node HTTP request' });
    await node.getByText('is missing: Where to').waitFor();
    await page.locator('.react-flow__node', { hasText: 'HTTP request' }).getByText('1 wrong').waitFor();
    assert.deepEqual(await axe(page), []);
    await node.getByLabel(/^URL/).fill('http://127.0.0.1:9/orders/{{ new.id }}');
    await node.getByLabel('Secret').fill('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    await panel(page, 'Save…');
    await page.getByText('Node HTTP request').waitFor();
    assert.ok(!(await page.content()).includes('whsec_'), 'the secret is not in the diff');
    assert.deepEqual(await axe(page), []);
    await save(page);
    await panel(page, 'Node');
    await node.getByText('A secret is stored').waitFor();

    await panel(page, 'Run');
    await page.getByRole('button', { name: 'Run without effects' }).click();
    const steps = page.getByRole('list', { name: 'Steps' });
    await steps.getByText('HTTP request').click();
    await steps.getByRole('group', { name: 'the input' }).last().waitFor();
    assert.deepEqual(await axe(page), []);

    await panel(page, 'Settings');
    await page.getByRole('button', { name: 'Delete the workflow…' }).click();
    await page.getByRole('button', { name: 'Delete it', exact: true }).click();
    await page.getByRole('heading', { name: 'Workflows', level: 1 }).waitFor();
  });
  await assert.rejects(ask('GET', '/workflows/tell-the-warehouse'), /404/);
});

test('code in a node: the columns of its triggers are known, what is wrong stands at its place', async () => {
  await ask('POST', '/workflows', {
    id: 'big-ones', name: 'Big ones', connections: [{ from_node_id: 'in', to_node_id: 'big' }, { from_node_id: 'big', to_node_id: 'rows' }],
    nodes: [
      { node_id: 'in', node_type: 'input', position: { x: 0, y: 0 } }, { node_id: 'big', node_type: 'filter', config: { filter: 'new.total_amount > 100' }, position: { x: 280, y: 0 } },
      { node_id: 'rows', node_type: 'sql', config: { connection: 'shop', sql: 'SELECT id FROM orders' }, position: { x: 560, y: 0 } },
    ],
  });
  const { id } = await ask('POST', '/triggers', { name: 'Big ones', source: 'shop', event_type: 'record_updated', workflow_id: 'big-ones', is_active: false, config: { tables: ['orders'] } });
  await on({ at: '/workflows/big-ones?node=big' }, async (page) => {
    const filter = page.getByRole('textbox', { name: 'Filter', exact: true });
    await page.locator('.cm-editor').nth(1).waitFor();
    await write(page, filter, 'new.totl_amount > 100');
    await page.getByText("table 'orders' has no column 'totl_amount'").first().waitFor();
    await page.locator('.cm-lintRange-error').waitFor();
    await write(page, page.getByRole('textbox', { name: 'Where' }), 'AND');
    await page.getByText(/column 1: expected/).waitFor();
    assert.deepEqual(await axe(page), []);
    await write(page, filter, 'new.');
    await page.keyboard.type('cust');
    await page.locator('.cm-tooltip-autocomplete').getByText('customer_email', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.goto(`${demo.engine.base}/workflows/big-ones?node=rows`);
    await write(page, page.getByRole('textbox', { name: /^SQL/ }), 'SELECT inventory.');
    await page.keyboard.type('prod');
    await page.locator('.cm-tooltip-autocomplete').getByText('product_id', { exact: true }).waitFor();
  });
  await ask('DELETE', `/triggers/${id}`);
});

test('canvas: drag, connect, disconnect, undo and redo', async () => {
  await aWorkflow('drawn');
  await on({ at: '/workflows/drawn' }, async (page) => {
    const node = (name) => page.locator('.react-flow__node', { hasText: name });
    await page.locator('.react-flow__edge').nth(1).waitFor();
    const box = await node('Log a').boundingBox();
    await page.mouse.move(box.x + 60, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y - 50, { steps: 5 });
    await page.mouse.up();
    await panel(page, 'Save…');
    await page.getByText('Position of one node').waitFor();

    const out = await node('Log b').locator('.react-flow__handle.source').boundingBox();
    const into = await node('Log a').locator('.react-flow__handle.target').boundingBox();
    await page.mouse.move(out.x + out.width / 2, out.y + out.height / 2);
    await page.mouse.down();
    await page.mouse.move(into.x + into.width / 2, into.y + into.height / 2, { steps: 8 });
    await page.mouse.up();
    await page.getByText('Connection Log b (output) → Log a').waitFor();
    assert.equal(await page.locator('.react-flow__edge').count(), 3);
    await page.keyboard.press('Control+z');
    await page.getByText('Connection Log b (output) → Log a').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+y');
    await page.getByText('Connection Log b (output) → Log a').waitFor();
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    await page.getByText('Nothing was changed.').waitFor();
  });
});

test('chosen nodes line up and spread, by button and by keys, and it is undone', async () => {
  await ask('POST', '/workflows', {
    id: 'untidy', name: 'untidy', nodes: [{ node_id: 'in', node_type: 'input', name: 'Input', position: { x: 0, y: 0 } }, log('a', 300, 40), log('b', 340, 140), log('c', 280, 340)],
    connections: ['a', 'b', 'c'].map((to) => ({ from_node_id: 'in', to_node_id: to })),
  });
  await on({ at: '/workflows/untidy?panel=outline' }, async (page) => {
    const bar = page.getByRole('toolbar', { name: 'Arrange' });
    const line = (name) => outline(page).getByRole('button', { name: new RegExp(`^Log ${name}`) });
    await line('a').focus();
    await page.keyboard.press('x');
    assert.equal(await bar.count(), 0);
    await line('b').focus();
    await page.keyboard.press('x');
    await bar.getByText('2 nodes').waitFor();
    assert.ok(await bar.getByRole('button', { name: 'Spread down' }).isDisabled());
    await line('c').click({ modifiers: ['Control'] });
    await bar.getByText('3 nodes').waitFor();
    assert.deepEqual(await axe(page), []);
    const lefts = async () => new Set(await page.locator('.react-flow__node', { hasText: 'Log ' }).evaluateAll((all) => all.map((each) => each.getBoundingClientRect().left)));
    await bar.getByRole('button', { name: 'Align left' }).click();
    assert.equal((await lefts()).size, 1);
    await page.keyboard.press('Control+z');
    assert.equal((await lefts()).size, 3);
    await page.keyboard.press('l');
    await page.keyboard.press('r');
    await page.keyboard.press('l');
    await page.keyboard.press('v');
    assert.equal((await lefts()).size, 1);
    await save(page);
  });
  const { nodes } = await ask('GET', '/workflows/untidy');
  assert.deepEqual(nodes.slice(1).map((each) => each.position), [{ x: 340, y: 40 }, { x: 340, y: 190 }, { x: 340, y: 340 }]);
});

test('a run for a recorded event: chosen from the last ones, found by its id, changed', async () => {
  const recorded = async () => {
    for (;;) {
      const { items } = await ask('GET', '/events?event_type=record_updated&table=orders&limit=30');
      if (items.length > 2) return items;
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
  };
  const [newest, , older] = await recorded();
  await aWorkflow('tried');
  await on({ at: '/workflows/tried?panel=run' }, async (page) => {
    const chooser = page.getByRole('combobox', { name: 'Recorded event' });
    const text = page.getByLabel('Event', { exact: true });
    await page.getByText('As it was recorded').waitFor();
    await chooser.selectOption(newest.event_id);
    assert.equal(JSON.parse(await text.inputValue()).record_id, newest.record_id);
    await page.getByLabel('Or one by its id').fill('no-such-event');
    await page.keyboard.press('Enter');
    await page.getByText(/no event 'no-such-event'/).waitFor();
    page.troubles.length = 0; // the browser reports the 404
    await page.getByLabel('Or one by its id').fill(older.event_id);
    await page.getByRole('button', { name: 'Take it' }).click();
    await chooser.locator(`option:checked[value="${older.event_id}"]`).waitFor({ state: 'attached' });
    const asked = page.waitForRequest(/\/workflows\/tried\/run$/);
    await page.getByRole('button', { name: 'Run without effects' }).click();
    assert.deepEqual((await asked).postDataJSON(), { event_id: older.event_id, dry_run: true });
    await page.getByRole('list', { name: 'Steps' }).waitFor();
    assert.deepEqual(await axe(page), []);
    await text.fill(JSON.stringify({ ...JSON.parse(await text.inputValue()), new_values: { id: 7, status: 'invented' } }));
    await page.getByText('Changed here').waitFor();
    await page.getByRole('button', { name: 'Run without effects' }).click();
    await page.getByRole('list', { name: 'Steps' }).getByText('Log a').click();
    await page.getByText('a 7').first().waitFor();
  });
});

test('without a mouse, at 390 pixels: the outline connects, removes, pastes and saves', async () => {
  await aWorkflow('narrow');
  await on({ at: '/workflows/narrow', width: 390, height: 844 }, async (page) => {
    await outline(page).getByRole('button', { name: /^Log a/ }).press('Enter');
    assert.equal(await page.locator('.react-flow').count(), 0);
    await page.getByLabel('Connect to').selectOption({ label: 'Log b' });
    await page.getByRole('button', { name: 'Disconnect Input' }).press('Enter');
    await page.getByText(/is unreachable/).first().waitFor();
    await page.keyboard.press('Control+z');
    await panel(page, 'Outline');
    await page.getByText('Paste nodes as JSON').click();
    await page.getByLabel('Nodes and connections, as they were copied').fill('{"nodes": 1}');
    await page.getByRole('button', { name: 'Paste', exact: true }).press('Enter');
    await page.getByText('This is no JSON of nodes').waitFor();
    await page.getByLabel('Nodes and connections, as they were copied').fill(JSON.stringify({ nodes: [log('a', 0, 0)] }));
    await page.getByRole('button', { name: 'Paste', exact: true }).press('Enter');
    await outline(page).getByText(/is unreachable/).waitFor();
    await outline(page).getByRole('button', { name: /^Log a/ }).nth(1).press('Enter');
    await page.getByRole('button', { name: 'Remove', exact: true }).press('Enter');
    assert.deepEqual(await axe(page), []);
    await save(page);
  });
  const stored = await ask('GET', '/workflows/narrow');
  assert.deepEqual(stored.nodes.map((each) => each.node_id), ['in', 'a', 'b']);
  assert.ok(stored.connections.some((each) => each.from_node_id === 'a' && each.to_node_id === 'b'));
});

test('what is not saved yet is there again after a look at another screen', async () => {
  await aWorkflow('kept');
  await on({ at: '/workflows/kept?node=a' }, async (page) => {
    await page.getByLabel('Message').fill('not saved yet');
    await page.getByRole('link', { name: 'Events', exact: true }).click();
    await page.getByRole('heading', { name: 'Events', level: 1 }).waitFor();
    await page.goBack();
    await panel(page, 'Save…');
    await page.getByText('“not saved yet”').waitFor();
    await page.getByRole('button', { name: 'Discard changes' }).click();
    await page.getByText('Nothing was changed.').waitFor();
  });
});

test('nodes are copied and pasted with the keys of the browser', async () => {
  await aWorkflow('copied');
  await on({ at: '/workflows/copied?node=a&panel=outline' }, async (page) => {
    await outline(page).getByRole('button', { name: /^Log a/ }).waitFor();
    await page.keyboard.press('Control+c');
    await page.keyboard.press('Control+v');
    await page.waitForURL(/node=a-2/);
    await panel(page, 'Outline');
    await outline(page).getByRole('button', { name: /^Log a/ }).nth(1).waitFor();
  });
});

test('live: items are counted at nodes and edges', async () => {
  await on({ at: '/workflows/order-status' }, async (page) => {
    await page.locator('.react-flow__node', { hasText: 'What changed' }).getByTitle(/since this page was opened/).waitFor();
    await page.locator('.react-flow__edgelabel-renderer').getByTitle(/since this page was opened/).first().waitFor();
    await outline(page).getByRole('button', { name: /^What changed.*\d/ }).waitFor();
  });
});

test('two people: each sees where the other is, and a conflict is a diff', async () => {
  await aWorkflow('shared');
  await on({ at: '/workflows/shared?node=b' }, async (page) => {
    await on({ at: '/workflows/shared' }, async (other) => {
      await other.locator('.react-flow__node', { hasText: 'Log b' }).getByText('admin').waitFor();
      await outline(other).getByRole('button', { name: /^Log a/ }).click();
      await other.getByLabel('Message').fill('theirs');
      await page.getByLabel('Message').fill('mine');
      await save(other);
    });
    await page.getByRole('button', { name: 'Somebody saved: compare' }).click();
    const conflict = page.getByRole('alert').filter({ hasText: 'Somebody else saved this workflow' });
    await conflict.getByText('“theirs”').waitFor();
    assert.deepEqual(await axe(page), []);
    await conflict.getByRole('button', { name: 'Bring both together' }).click();
    await save(page);
  });
  const { nodes } = await ask('GET', '/workflows/shared');
  assert.deepEqual(nodes.slice(1).map((each) => each.config.message), ['theirs', 'mine']);
});

test('the list switches a workflow off; a viewer only looks', async () => {
  await aWorkflow('switched');
  const { token } = await ask('POST', '/tokens', { name: 'looker', role: 'viewer' });
  await on({ at: '/workflows' }, async (page) => {
    await page.getByRole('switch', { name: 'Workflow switched is active' }).click();
    await page.getByRole('switch', { name: 'Workflow switched is active', checked: false }).waitFor();
  });
  assert.equal((await ask('GET', '/workflows/switched')).is_active, false);
  await on({ at: '/workflows/switched?node=a', token }, async (page) => {
    await page.getByLabel('Message').waitFor();
    assert.ok(await page.getByLabel('Message').isDisabled());
    assert.equal(await page.getByRole('button', { name: /Save/ }).count(), 0);
  });
});
