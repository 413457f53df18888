/**
 * Suggests the right word for one that a command line got wrong. Loaded only where
 * there is one.
 */
import { closestString } from "@std/text/closest-string";
import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { type UnknownWord, UsageError } from "./program_error.ts";

/** Letters of the shortest word that is taken for the start of another one. */
const MIN_START = 3;

/** The error with the choice that is most likely meant, if there is one. */
export function withSuggestion(error: UsageError): UsageError {
  const { reason, unknown } = error;
  const nearest = unknown && nearestChoice(unknown);
  if (nearest === undefined) return error;
  return new UsageError(reason, { remedy: `did you mean ${nearest}?` });
}

/** The choice that is most likely meant; `undefined` if none is near. */
export function nearestChoice(
  { word, choices }: UnknownWord,
): string | undefined {
  const text = word.toLowerCase();
  const nearest = closestString(text, [...choices], { compareFn: distance });
  const length = text.replace(/^--/, "").length;
  const most = Math.max(1, Math.floor(length / 3));
  // One edit turns a single letter into any other.
  if (length > 1 && distance(text, nearest) <= most) return nearest;
  return length < MIN_START
    ? undefined
    : choices.find((choice) => choice.startsWith(text));
}

/** Edits from one word to another; two letters that are swapped are one. */
function distance(from: string, to: string): number {
  const edits = levenshteinDistance(from, to);
  return edits === 2 && sorted(from) === sorted(to) ? 1 : edits;
}

function sorted(word: string): string {
  return [...word].sort().join("");
}
