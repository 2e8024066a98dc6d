// What the tests of a file stand on: a `rowhook demo` of their own and a browser, started before them and ended after them.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { ask, startBrowser, startEngine, visit } from './browser.mjs';

export const startDemo = () => startEngine(['demo', '--data-dir', '{folder}', '--listen', '127.0.0.1:0']);

/** Asks until the answer is as wanted; after a minute it says what the last one was. */
export async function until(engine, path, wanted) {
  for (const end = Date.now() + 60_000;;) {
    const answer = await ask(engine, 'GET', path);
    if (wanted(answer)) return answer;
    if (Date.now() > end) throw new Error(`GET ${path} is still not as wanted: ${JSON.stringify(answer).slice(0, 1000)}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

/** Call once per file. `prepare(demo)` runs before the first test. */
export function useDemo(prepare = async () => undefined) {
  let engine;
  let browser;
  const demo = {
    get engine() { return engine; },
    get browser() { return browser; },
    ask: (method, path, body, headers) => ask(engine, method, path, body, headers),
    until: (path, wanted) => until(engine, path, wanted),
    /** Runs `act` on a signed-in page (options of openPage); nothing may have gone wrong in it but answers of the statuses in `refused`. */
    on: async ({ refused = [], ...options }, act) => {
      const troubles = await visit(browser, engine, options, act);
      assert.deepEqual(troubles.filter((each) => !refused.some((status) => each.includes(`status of ${status}`))), []);
    },
  };
  before(async () => {
    engine = await startDemo();
    browser = await startBrowser();
    await prepare(demo);
  }, { timeout: 120_000 });
  after(async () => {
    await browser?.close();
    await engine?.stop();
  });
  return demo;
}

/** Puts `text` in place of everything in a code editor. */
export async function write(page, editor, text) {
  await editor.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete'); // the editor's own doing; Chromium would keep the old text's style otherwise, and the policy refuses that
  await page.keyboard.insertText(text);
}
