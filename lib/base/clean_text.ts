/**
 * Text that a person typed or pasted, in the one form in which it is checked,
 * stored, shown and used: without blanks and invisible characters at its ends, and
 * with none inside, where nobody could see why two texts differ.
 *
 * @module
 */
import { quote } from "./errors.ts";

/** Controls, joiners of nothing, marks that turn the direction, empty letters. */
const UNSEEN = String
  .raw`\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\xad\u115f\u1160\u180e\u200b\u2060-\u206f\u2800\u3164\ufeff\uffa0`;
/** The end is sought from the start of each run alone: a stranger's may be long. */
const AT_ENDS = new RegExp(
  `^[${UNSEEN}\\p{Zs}]+|(?<![${UNSEEN}\\p{Zs}])[${UNSEEN}\\p{Zs}]+$`,
  "gu",
);
/** Emoji and some scripts need joiners and variation selectors, names need blanks. */
const IN_NAME = new RegExp(`[${UNSEEN}\\p{Cs}]`, "u");
const ALL_IN_NAME = new RegExp(IN_NAME, "gu");
const IN_WORD = new RegExp(
  `[${UNSEEN}\\p{Z}\\p{Cs}\\p{Cf}\\p{Default_Ignorable_Code_Point}]`,
  "u",
);

/** Longest name of a stranger's that is displayed, in characters. */
const MAX_DISPLAYED_LENGTH = 64;

/** `text` without blanks and invisible characters at its ends. */
export function trimText(text: string): string {
  return text.replace(AT_ENDS, "");
}

/**
 * Reads a name: trimmed, visible blanks may stand inside.
 * @throws {RangeError} If an invisible character stands inside, or nothing is left.
 */
export function readName(text: string): string {
  return refuse(trimText(text), IN_NAME);
}

/**
 * A stranger's name for display: without invisible characters, and of at most 64
 * characters. `undefined` if nothing is left.
 */
export function displayName(text: string): string | undefined {
  // First by units, as a name may be megabytes long.
  const visible = text.slice(0, 4 * MAX_DISPLAYED_LENGTH).toWellFormed()
    .replace(ALL_IN_NAME, "");
  const cut = Array.from(trimText(visible)).slice(0, MAX_DISPLAYED_LENGTH);
  return trimText(cut.join("")) || undefined;
}

/** `text`, of which at most 64 characters are kept; an ellipsis stands for the rest. */
export function cutName(text: string): string {
  // A name may be megabytes long; a character has at most two units.
  const start = Array.from(text.slice(0, 2 * MAX_DISPLAYED_LENGTH + 1));
  if (start.length <= MAX_DISPLAYED_LENGTH) return text;
  return `${start.slice(0, MAX_DISPLAYED_LENGTH - 1).join("")}…`;
}

/**
 * Reads a host, a network, a number or a URL: trimmed, without any blank inside.
 * @throws {RangeError} If a blank or an invisible character stands inside, or nothing
 * is left.
 */
export function readWord(text: string): string {
  return refuse(trimText(text), IN_WORD);
}

/**
 * Reads a URL to the form in which it is requested, without its fragment, which no
 * server receives.
 * @throws {RangeError} If it is not a URL, or an invisible character stands inside.
 */
export function readUrl(text: string): string {
  const word = readWord(text);
  if (URL.canParse(word)) return requestedUrl(word);
  throw new RangeError(`Cannot read ${quote(word)}: it is not a URL`);
}

/** The URL that is requested for a stranger's; text that is no URL is only trimmed. */
export function requestedUrl(text: string): string {
  const url = URL.parse(trimText(text));
  if (url === null) return trimText(text);
  url.hash = "";
  return url.href;
}

function refuse(text: string, unseen: RegExp): string {
  if (text === "") throw new RangeError('Cannot read "": it is empty');
  const match = unseen.exec(text);
  if (match === null) return text;
  const code = match[0].codePointAt(0)!.toString(16).toUpperCase();
  const what = match[0] === " "
    ? "a blank"
    : `the invisible character U+${code.padStart(4, "0")}`;
  const before = match.index === 0
    ? "at its start"
    : `after ${quote(text.slice(0, match.index))}`;
  const reason = `it contains ${what} ${before}; type it again without it`;
  throw new RangeError(`Cannot read ${quote(text)}: ${reason}`);
}
