/**
 * Chromium, driven by Playwright.
 *
 * @module
 */
import { join } from "@std/path";
import { type Browser, chromium } from "playwright-core";
import { exists } from "./client.ts";

/** Time for anything that a browser or its page does, in milliseconds. */
export const BROWSER_TIMEOUT_MS = 60_000;

/** The path of an installed Chromium. Debian's package puts it into the PATH. */
export async function findChromium(): Promise<string | undefined> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = join(folder, "chromium");
    if (await exists(path)) return path;
  }
  return undefined;
}

/** Starts a browser without a window. */
export async function launchChromium(
  executablePath: string,
  args: readonly string[] = [],
): Promise<Browser> {
  return await chromium.launch({
    executablePath,
    // Chromium refuses to run as root in a sandbox. It shows only our page.
    args: ["--no-sandbox", ...args],
    timeout: BROWSER_TIMEOUT_MS,
  });
}
