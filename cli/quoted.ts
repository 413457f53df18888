/**
 * A word of a suggested command, written so that it can be copied into the shell
 * of the machine. Pure.
 *
 * @module
 */
import type { Platform } from "../mod.ts";

/** `text` as the shell of `platform` takes it for one word. */
export function quoted(text: string, platform: Platform): string {
  if (platform !== "windows") {
    return /^[\w./:@%+=,~-]+$/.test(text)
      ? text
      : `'${text.replaceAll("'", "'\\''")}'`;
  }
  // Double quotes are what cmd and PowerShell both know. No file there has one in
  // its name, but a folder's path may end in a backslash, which must not escape
  // the quote.
  return /^[\w./\\:+~-]+$/.test(text)
    ? text
    : `"${text.replace(/\\+$/, "$&$&")}"`;
}
