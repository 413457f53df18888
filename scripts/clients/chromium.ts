/**
 * Drives Chromium by Playwright.
 */
import { type Browser, chromium } from "playwright-core";

/** Longest wait for the browser or its page. */
export const BROWSER_TIMEOUT_MS = 60_000;

export async function launchChromium(
  executablePath: string,
  args: readonly string[] = [],
): Promise<Browser> {
  return await chromium.launch({
    executablePath,
    // Chromium refuses to run as root in a sandbox. It opens only our page.
    args: ["--no-sandbox", ...args],
    timeout: BROWSER_TIMEOUT_MS,
  });
}
