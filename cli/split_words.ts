/**
 * A command line split into words: quotes group, nothing is expanded. Where it
 * differs, as people of the platform write one: a backslash escapes as in a POSIX
 * shell, and is part of a path on Windows. Pure.
 *
 * @module
 */
import type { Platform } from "../mod.ts";

/**
 * The words of `text`. Single quotes keep all, double quotes keep all but a
 * backslash before `"`, `\`, `$` or a backquote. On Windows a backslash is never
 * more than itself, and a single quote groups at the start of a word alone.
 * @throws {SyntaxError} If a quote is not closed or nothing follows a backslash.
 */
export function splitWords(text: string, platform: Platform): string[] {
  const isWindows = platform === "windows";
  const words: string[] = [];
  let word: string | undefined;
  let quote: "'" | '"' | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    // As in C:\Users\O'Brien.
    const isApostrophe = isWindows && character === "'" && word !== undefined;
    if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (
      quote === undefined && !isApostrophe &&
      (character === "'" || character === '"')
    ) {
      quote = character;
      word ??= "";
    } else if (character === quote) {
      quote = undefined;
    } else if (
      character === "\\" && !isWindows && isEscape(text[at + 1], quote)
    ) {
      word = (word ?? "") + text[++at]!;
    } else {
      word = (word ?? "") + character;
    }
  }
  if (quote !== undefined) throw new SyntaxError(`a ${quote} is not closed`);
  if (word !== undefined) words.push(word);
  return words;
}

/** Whether a backslash before `next` takes it literally. */
function isEscape(
  next: string | undefined,
  quote: "'" | '"' | undefined,
): boolean {
  if (quote === "'") return false;
  if (next === undefined) {
    throw new SyntaxError("nothing follows the last backslash");
  }
  return quote === undefined || '"\\$`'.includes(next);
}
