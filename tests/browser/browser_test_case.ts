/**
 * Registers tests that look at a page in Chromium, where it is installed.
 *
 * @module
 */
import { join } from "@std/path";
import {
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { exists } from "../../scripts/clients/client.ts";
import { testUnless } from "../test_unless.ts";

/** Longest time that a page may take for anything, in milliseconds. */
export const TIMEOUT_MS = 60_000;

const chromiumPath = await findChromium();

/** A page that is looked at. */
export interface BrowserDesk {
  readonly page: Page;
  /** What the page complained about, as errors and warnings of the console. */
  readonly complaints: readonly string[];
  /** Everything that was asked for, as URLs. */
  readonly requests: readonly string[];
}

/** Registers a test that has a fresh browser with an empty page. */
export function browserTest(
  name: string,
  fn: (desk: BrowserDesk) => Promise<void>,
  options: BrowserContextOptions = {},
): void {
  const missing = chromiumPath === undefined
    ? "chromium is not installed"
    : undefined;
  testUnless(missing, name, () => withBrowser(chromiumPath!, fn, options));
}

async function withBrowser(
  executablePath: string,
  fn: (desk: BrowserDesk) => Promise<void>,
  options: BrowserContextOptions,
): Promise<void> {
  const browser = await chromium.launch({
    executablePath,
    // As root it runs in no cage of its own; what it shows here is our page.
    args: ["--no-sandbox"],
    timeout: TIMEOUT_MS,
  });
  try {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(TIMEOUT_MS);
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
  } finally {
    await browser.close();
  }
}

/** Debian's package installs it in the PATH. */
async function findChromium(): Promise<string | undefined> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = join(folder, "chromium");
    if (await exists(path)) return path;
  }
  return undefined;
}
