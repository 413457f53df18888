/**
 * TypeScript source with everything that is not code blanked out: comments, and
 * the insides of strings, templates and regular expressions. Invariant: the
 * result is as long as the source and has the same line breaks, so an offset in
 * one is an offset in the other.
 *
 * It is a scanner, not a parser: whether a slash divides or opens a regular
 * expression is told from what stands before it.
 *
 * @module
 */

const COMMENT = /\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)/y;
const STRING = /"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?/y;
const REGULAR_EXPRESSION =
  /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
/** From a template's backquote, or from the end of a `${}`, to the next one. */
const TEMPLATE_PART = /[`}](?:\\[^]|\$(?!\{)|[^`\\$])*(?:`|\$\{|$)/y;
const PLAIN_CODE = /[^"'`{}/]+/y;

/** After these a slash opens a regular expression instead of dividing. */
const BEFORE_REGULAR_EXPRESSION =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|yield|await))\s*$/;

/** Blanks what is not code; the quotes around it stay. */
export function maskSource(source: string): string {
  let masked = "";
  /** For each template whose `${` is open, the braces open inside of it. */
  const openBraces: number[] = [];

  /** The text that the pattern matches here, or undefined. */
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = masked.length;
    return pattern.exec(source)?.[0];
  };

  while (masked.length < source.length) {
    const character = source[masked.length]!;
    const plain = match(PLAIN_CODE);
    const comment = match(COMMENT);
    const string = match(STRING);
    if (plain !== undefined) {
      masked += plain;
    } else if (comment !== undefined) {
      masked += blank(comment);
    } else if (string !== undefined) {
      masked += blankInside(string, 1);
    } else if (
      character === "`" || (character === "}" && openBraces.at(-1) === 0)
    ) {
      if (character === "}") openBraces.pop();
      const part = match(TEMPLATE_PART)!;
      const opensBrace = part.endsWith("${");
      if (opensBrace) openBraces.push(0);
      masked += blankInside(part, opensBrace ? 2 : 1);
    } else if (
      character === "/" && BEFORE_REGULAR_EXPRESSION.test(masked.slice(-200))
    ) {
      masked += blank(match(REGULAR_EXPRESSION) ?? character);
    } else {
      if (openBraces.length > 0 && character !== "/") {
        openBraces[openBraces.length - 1]! += character === "{" ? 1 : -1;
      }
      masked += character;
    }
  }
  return masked;
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}

/** Keeps the first character and the last `endLength` ones. */
function blankInside(text: string, endLength: number): string {
  if (text.length <= 1) return text;
  const end = Math.max(1, text.length - endLength);
  return text[0] + blank(text.slice(1, end)) + text.slice(end);
}
