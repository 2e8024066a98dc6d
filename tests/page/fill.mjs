// What a page needs to show its worst: executions that fail for several reasons, a paused source.
import { ask } from './browser.mjs';

/** Makes triggers whose workflows fail, posts events for them, waits until `count` dead letters are there. */
export async function makeDeadLetters(engine, count = 12) {
  const failing = [
    { id: 'charge-card', name: 'Charge the card', type: 'payment_due', config: { source: 'error("the card " .. new.card .. " was refused: insufficient funds")' } },
    { id: 'ship-parcel', name: 'Ship the parcel', type: 'parcel_ready', config: { source: 'return { weight = new.weight + new.missing_column }' } },
  ];
  for (const each of failing) {
    await ask(engine, 'POST', '/workflows', {
      id: each.id, name: each.name,
      nodes: [{ node_id: 'in', node_type: 'input', name: 'Event' }, { node_id: 'work', node_type: 'transform', name: each.name, config: { transform: each.config.source } }],
      connections: [{ from_node_id: 'in', to_node_id: 'work' }],
    });
    await ask(engine, 'POST', '/triggers', {
      name: each.name, source: 'payments', event_type: each.type, workflow_id: each.id, config: { retry: { max_retries: 0 } },
    });
  }
  for (let i = 0; i < count; ++i) {
    const type = failing[i % 3 === 0 ? 1 : 0].type;
    await ask(engine, 'POST', '/events', { event_type: type, data: { id: i, card: `4711-${1000 + i}`, weight: 2.50 }, metadata: { source: 'payments' } });
  }
  for (;;) {
    const { total } = await ask(engine, 'GET', '/dead-letters?limit=1');
    if (total >= count) return;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}
