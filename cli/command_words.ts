/**
 * The words of command lines: a text split into words as a shell does, a word
 * quoted for the shell of the machine, and the names of this project's programs
 * in suggested commands.
 */
import { type Platform, platformOf } from "../lib/values.ts";

const OWN_PLATFORM = platformOf(Deno.build.os);

/**
 * Splits a command line into words. Quotes group, nothing is expanded. Single
 * quotes keep everything; double quotes keep everything but a backslash before
 * `"`, `\`, `$` or a backquote. On Windows a backslash is always part of a path,
 * and a single quote groups only at the start of a word.
 * @throws {SyntaxError} If a quote is not closed or nothing follows a backslash.
 */
export function splitWords(
  text: string,
  platform: Platform = OWN_PLATFORM,
): string[] {
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

/** True if a backslash before `next` is an escape. */
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

/** `text` as one word for the shell of `platform`. */
export function quoted(
  text: string,
  platform: Platform = OWN_PLATFORM,
): string {
  if (platform !== "windows") {
    return /^[\w./:@%+=,~-]+$/.test(text)
      ? text
      : `'${text.replaceAll("'", "'\\''")}'`;
  }
  // cmd and PowerShell both understand double quotes. No file name there contains
  // one, but a folder's path may end in a backslash, which would escape the quote.
  return /^[\w./\\:+~-]+$/.test(text)
    ? text
    : `"${text.replace(/\\+$/, "$&$&")}"`;
}

/**
 * The command that starts a program on this machine: `deno task create` under Deno,
 * `lanswarm create` with the executable of all programs, `peer create` with that of
 * `peer`, which contains `create`, `show` and `verify`.
 */
export function invocationOf(
  program:
    | ("share" | "get" | "wait" | "pause" | "resume" | "limit")
    | ("tracker" | "peer" | "create" | "show" | "verify"),
): string {
  if (!Deno.build.standalone) return `deno task ${program}`;
  const isPart = ["create", "show", "verify"].includes(program);
  const isOwn = isPart || program === "tracker" || program === "peer";
  const isWhole = Deno.mainModule.endsWith("/lanswarm.js");
  if (isWhole || !isOwn) return `lanswarm ${program}`;
  return isPart ? `peer ${program}` : program;
}
