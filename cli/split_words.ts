/**
 * A command line split into words as a POSIX shell splits it: quotes and
 * backslashes group, nothing is expanded. Pure.
 *
 * @module
 */

/**
 * The words of `text`. Single quotes keep all, double quotes keep all but a
 * backslash before `"`, `\`, `$` or a backquote.
 * @throws {SyntaxError} If a quote is not closed or nothing follows a backslash.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: "'" | '"' | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (
      quote === undefined && (character === "'" || character === '"')
    ) {
      quote = character;
      word ??= "";
    } else if (character === quote) {
      quote = undefined;
    } else if (character === "\\" && isEscape(text[at + 1], quote)) {
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
