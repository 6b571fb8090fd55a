// Opens a file in a headless browser as a reader would, at several widths, light and dark, and prints what can be said of
// it as JSON. CHROMIUM names the browser; else it is the `chromium-headless-shell` of Debian. With no file it says by its
// exit status whether the browser of this machine can judge a page at all: it opens one of which everything is known.
import { deepStrictEqual } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const { chromium } = createRequire(import.meta.url)(`${process.env.MCPTOP_PEERS}/node_modules/playwright-core`);

// A browser on a busy machine takes its time.
const timeout = 120_000;

// What is asked of the page is asked by the browser itself, which the policy of the page does not forbid.
function look(colorScheme) {
  const seen = (element) => { const box = element.getBoundingClientRect(); return box.width > 0 && box.height > 0; };
  document.querySelectorAll('details').forEach((details) => { details.open = true; });
  const texts = [...document.querySelectorAll('svg text')].map((text) => {
    const [inner, outer] = [text.getBoundingClientRect(), text.ownerSVGElement.getBoundingClientRect()];
    return inner.left >= outer.left - 1 && inner.right <= outer.right + 1 && inner.bottom <= outer.bottom + 1;
  });
  return {
    colorScheme,
    width: innerWidth,
    // Nothing makes the page itself wider than the window.
    overflow: document.documentElement.scrollWidth - innerWidth,
    back: getComputedStyle(document.body).backgroundColor,
    text: getComputedStyle(document.body).color,
    title: document.title,
    headings: [...document.querySelectorAll('h2')].map((heading) => heading.id),
    charts: document.querySelectorAll('svg').length,
    rectangles: [...document.querySelectorAll('svg rect')].filter(seen).length,
    textsOutside: texts.filter((inside) => !inside).length,
    bodies: [...document.querySelectorAll('details[open] pre')].filter(seen).length,
    scripts: document.scripts.length,
  };
}

async function open(file, picture) {
  // No sandbox, because continuous integration is often root; nothing here but files of ours is ever opened.
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    timeout,
  });
  // Behind an address, because there are machines whose browsers are forbidden to open files.
  const text = await readFile(file);
  const server = createServer((_, answer) => answer.setHeader('Content-Type', 'text/html').end(text));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${server.address().port}/${basename(file)}`;
  const told = { requests: [], complaints: [], views: [] };
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 390]) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
      const page = await context.newPage();
      page.on('request', (request) => told.requests.push(request.url().replace(url, basename(file))));
      page.on('console', (message) => told.complaints.push(message.text()));
      page.on('pageerror', (error) => told.complaints.push(String(error)));
      await page.goto(url, { timeout });
      told.views.push(await page.evaluate(look, colorScheme));
      await context.close();
    }
  }
  // A picture of its beginning, for who asks for one.
  if (picture) {
    const page = await browser.newPage({ colorScheme: 'light', viewport: { width: 1100, height: 1480 } });
    await page.goto(url, { timeout });
    await page.screenshot({ path: picture, timeout });
  }
  await browser.close();
  server.close();
  server.closeAllConnections();
  return told;
}

if (process.argv.length > 2) {
  console.log(JSON.stringify(await open(process.argv[2], process.argv[3])));
} else {
  const known = (colorScheme, width, back, text) => ({
    colorScheme, width, overflow: 0, back, text, title: 'started', headings: ['part'],
    charts: 1, rectangles: 1, textsOutside: 0, bodies: 1, scripts: 0,
  });
  const views = [
    ['light', 'rgb(255, 255, 255)', 'rgb(17, 17, 17)'],
    ['dark', 'rgb(17, 17, 17)', 'rgb(238, 238, 238)'],
  ].flatMap(([scheme, back, text]) => [1280, 390].map((width) => known(scheme, width, back, text)));
  const told = await open(fileURLToPath(new URL('page.html', import.meta.url)));
  // In the order they were asked for; what a browser asks for by itself is none of the page's requests.
  told.requests = [...new Set(told.requests)].filter((request) => !request.startsWith('data:'));
  deepStrictEqual(told, { requests: ['page.html'], complaints: [], views });
}
