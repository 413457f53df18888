/**
 * Text from strangers (names, comments, paths, tracker messages) made fit for a
 * terminal: it cannot move the cursor, change colours or turn the line around.
 * Pure.
 */
import { cutName, displayName } from "../lib/values.ts";

/**
 * Control characters, line and paragraph separators, what turns the direction of
 * text, and halves of surrogate pairs.
 */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;

/** Shows the unsafe characters of `text` as escapes, as `\x1b` or `\u{202e}`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u{${code}}`;
  });
}

/** A stranger's name within a line: without invisible characters, and cut. */
export function shown(name: string): string {
  return displayName(cutName(name)) ?? "?";
}

/** `value` as one line of JSON, with the unsafe characters escaped as JSON does. */
export function printableJson(value: unknown): string {
  // They can stand inside strings only, where an escape means the same.
  return JSON.stringify(value).replace(
    UNSAFE,
    (character) =>
      `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
}
