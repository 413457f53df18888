/**
 * Registers tests that open a page in Chromium, if it is installed, and measures the
 * sizes and colours of the page.
 */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import {
  BROWSER_TIMEOUT_MS,
  launchChromium,
} from "../../scripts/clients/chromium.ts";
import { findProgram } from "../../scripts/clients/client.ts";
import { testUnless } from "../test_unless.ts";

const chromiumPath = await findProgram("chromium");

export interface BrowserDesk {
  readonly page: Page;
  /** Errors and warnings of the console, uncaught errors and dialogs. */
  readonly complaints: readonly string[];
  /** URLs of all requests. */
  readonly requests: readonly string[];
}

/** The browser of all tests of this worker, from the first one to the end of the last. */
let browser: Promise<Browser> | undefined;
let waitingCount = 0;

/** Registers a test that has an empty page, which shares nothing with those of others. */
export function browserTest(
  name: string,
  fn: (desk: BrowserDesk) => Promise<void>,
  options: BrowserContextOptions = {},
): void {
  const missing = chromiumPath === undefined
    ? "chromium is not installed"
    : undefined;
  waitingCount++;
  const run = async (): Promise<void> => {
    try {
      browser ??= launchChromium(chromiumPath!);
      await withPage(await browser, fn, options);
    } finally {
      if (--waitingCount === 0) await (await browser)?.close();
    }
  };
  testUnless(missing, name, run, { outlives: true });
}

async function withPage(
  browser: Browser,
  fn: (desk: BrowserDesk) => Promise<void>,
  options: BrowserContextOptions,
): Promise<void> {
  await using context = await browser.newContext(options);
  context.setDefaultTimeout(BROWSER_TIMEOUT_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) {
      complaints.push(message.text());
    }
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => complaints.push(dialog.message()));
  page.on("request", (request) => requests.push(request.url()));
  await fn({ page, complaints, requests });
}

/** The elements that are wider than the window. */
export async function overhang(page: Page): Promise<string[]> {
  return await page.evaluate(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    return Array.from(document.querySelectorAll("body *"))
      .filter((element) => element.getBoundingClientRect().right > clientWidth)
      .map((element) => element.outerHTML.slice(0, 100));
  })()`);
}

/** The brightness of the page's background and text, from 0 to 255. */
export async function brightness(
  page: Page,
): Promise<[background: number, text: number]> {
  const colours: [background: string, text: string] = await page.evaluate(
    `(() => {
    const { backgroundColor, color } = getComputedStyle(document.body);
    return [backgroundColor, color];
  })()`,
  );
  const [background, text] = colours.map((colour) =>
    Math.max(...colour.match(/\d+/g)!.slice(0, 3).map(Number))
  );
  return [background!, text!];
}
