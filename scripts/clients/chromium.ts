/**
 * Drives Chromium by Playwright.
 *
 * @module
 */
import { join } from "@std/path";
import { type Browser, chromium } from "playwright-core";
import { exists } from "./client.ts";

/** Longest wait for the browser or its page, in milliseconds. */
export const BROWSER_TIMEOUT_MS = 60_000;

/** The path of an installed Chromium, which Debian's package puts into the PATH. */
export async function findChromium(): Promise<string | undefined> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = join(folder, "chromium");
    if (await exists(path)) return path;
  }
  return undefined;
}

/** Starts a headless browser. */
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
