// Opens an HTTP archive in the Network panel of Chromium's own developer tools, as a person does with "Import HAR file", and
// prints what the panel shows of it. CHROMIUM names the browser, which must be a whole one (the headless shell has no
// developer tools). Usage: devtools.mjs FILE [PICTURE]
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const { chromium } = createRequire(import.meta.url)(`${resolve(process.env.MCPTOP_PEERS)}/node_modules/playwright-core`);
// Developer tools open in a lasting profile only, not in one that is forgotten.
const browser = await chromium.launchPersistentContext('', {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  // The new headless mode is the whole browser.
  ignoreDefaultArgs: ['--headless=old'],
  viewport: { width: 1300, height: 800 },
  args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const page = await browser.newPage();
await page.goto('devtools://devtools/bundled/devtools_app.html');
await page.getByRole('tab', { name: 'Elements' }).waitFor();
const told = await page.evaluate(async (archive) => {
  const tools = await import('./ui/legacy/legacy.js');
  await tools.ViewManager.ViewManager.instance().showView('network');
  const { NetworkPanel } = await import('./panels/network/network.js');
  const log = NetworkPanel.NetworkPanel.instance().networkLogView;
  await log.onLoadFromFile(new File([archive], 'archive.har'));
  const { NetworkLog } = await import('./models/logs/logs.js');
  const requests = NetworkLog.NetworkLog.instance().requests();
  return requests.map((request) => ({ url: request.url(), status: request.statusCode, ms: request.duration * 1000 }));
}, readFileSync(process.argv[2], 'utf8'));
if (process.argv[3]) await page.screenshot({ path: process.argv[3] });
await browser.close();
console.log(JSON.stringify({ requests: told.length, first: told.slice(0, 3) }));
