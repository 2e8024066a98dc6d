// Debian's Chromium and an engine of its own for each test file: what users run, under the real policy.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Starts `rowhook ARGS` in a folder of its own ({folder}, with `configuration` as rowhook.json in it); resolves with its link and base URL once they were printed. */
export async function startEngine(args, configuration) {
  const binary = process.env.ROWHOOK;
  if (!binary || !existsSync(binary)) throw new Error('set ROWHOOK to the program that is tested');
  const folder = mkdtempSync(join(tmpdir(), 'rowhook-page-'));
  if (configuration !== undefined) writeFileSync(join(folder, 'rowhook.json'), configuration);
  const child = spawn(binary, args.map((each) => each.replace('{folder}', folder)), {
    cwd: folder, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const printed = new Promise((resolve, reject) => {
    const take = (bytes) => {
      output += bytes;
      const found = /(http:\/\/\S+?)\/#code=(\S+)/.exec(output);
      if (found) resolve({ base: found[1], link: found[0] });
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('exit', (status) => reject(new Error(`rowhook ${args.join(' ')} ended with ${status}:\n${output}`)));
  });
  const { base, link } = await printed;
  return {
    base, link, folder,
    token: () => readFileSync(join(folder, 'data', 'admin-token'), 'utf8').trim(),
    stop: async () => {
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
           '--disable-component-update', '--disable-sync'],
  });
}

/** A page that is signed in, with what went wrong in it collected in `.troubles`. */
export async function openPage(browser, engine, { theme = 'light', width = 1280, height = 800, at = '/', token, motion = 'reduce' } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: motion });
  const page = await context.newPage();
  page.troubles = [];
  page.on('pageerror', (error) => page.troubles.push(`error: ${error.message}`));
  page.on('console', (message) => { if (message.type() === 'error') page.troubles.push(`console: ${message.text()}`); });
  const answer = await context.request.post(`${engine.base}/api/v1/session`, {
    data: { token: token ?? engine.token() }, headers: { Origin: engine.base },
  });
  if (!answer.ok()) throw new Error(`signing in: ${answer.status()} ${await answer.text()}`);
  await page.goto(engine.base + at);
  return page;
}

/** Runs `act` on a signed-in page (options of openPage); gives what went wrong in it. */
export async function visit(browser, engine, options, act) {
  const page = await openPage(browser, engine, options);
  page.setDefaultTimeout(20_000);
  try {
    await act(page);
    return page.troubles;
  } catch (error) {
    error.message += `\nat ${page.url()}, which shows: ${(await page.locator('body').innerText()).slice(0, 2000)}`;
    throw error;
  } finally {
    await page.context().close();
  }
}

/** What axe finds on the page as it stands; [] is what is wanted. Run through the debugger, so the policy stays as it is. */
export async function axe(page) {
  await page.evaluate(axeSource);
  const result = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return result.violations.map((each) => `${each.id}: ${each.help}: ${each.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} (${node.any.concat(node.all, node.none).map((check) => check.message).join('; ')})`).join(' | ')}`);
}

/** Asks the API as the admin. */
export async function ask(engine, method, path, body, headers = {}) {
  const response = await fetch(`${engine.base}/api/v1${path}`, {
    method, headers: { Authorization: `Bearer ${engine.token()}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
