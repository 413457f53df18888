/**
 * HTML as a template tag that escapes: what stands in `${}` is text, unless it
 * was made by the same tag. Names, client strings and peer ids come from
 * strangers, so no value reaches the page by any other way. (The tag is not
 * called `html`, as the formatter would then rewrite what stands in it.)
 *
 * @module
 */
import { escape } from "@std/html/entities";

/** A piece of HTML that is safe to put into a page as it is. */
export class Html {
  /** The markup. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template; nothing is written for `undefined`. */
export type HtmlValue =
  | Html
  | string
  | number
  | undefined
  | readonly HtmlValue[];

/**
 * Writes HTML: `` markup`<td>${name}</td>` ``. Every text is escaped; line breaks
 * of the template, with what indents the next line, are left out.
 */
export function markup(
  strings: TemplateStringsArray,
  ...values: HtmlValue[]
): Html {
  const parts = partsOf(strings);
  let text = parts[0]!;
  for (let index = 0; index < values.length; index++) {
    text += markupOf(values[index]) + parts[index + 1]!;
  }
  return new Html(text);
}

/** Markup of our own that is no template: the style and the script. */
export function ownMarkup(text: string): Html {
  return new Html(text);
}

/**
 * Control characters, line and paragraph separators, what turns the direction of
 * text, and halves of surrogate pairs: they could make one name look like another.
 */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;

/** The replacement character of Unicode. */
const REPLACEMENT = "\ufffd";

/** Longest text of a stranger that is shown, in UTF-16 code units. */
const MAX_TEXT_LENGTH = 200;

/** A stranger's text, shown for what it is and cut short where it is long. Still to be escaped. */
export function shownText(text: string): string {
  const cut = text.length > MAX_TEXT_LENGTH
    ? `${text.slice(0, MAX_TEXT_LENGTH)}…`
    : text;
  return cut.replace(UNSAFE, REPLACEMENT);
}

/** The fixed parts of each template in the source, without its line breaks. */
const knownParts = new WeakMap<TemplateStringsArray, readonly string[]>();

function partsOf(strings: TemplateStringsArray): readonly string[] {
  const known = knownParts.get(strings);
  if (known !== undefined) return known;
  const parts = strings.map((part) => part.replace(/\s*\n\s*/g, ""));
  knownParts.set(strings, parts);
  return parts;
}

function markupOf(value: HtmlValue): string {
  switch (typeof value) {
    case "undefined":
      return "";
    case "number":
      return String(value);
    case "string":
      return escape(value);
    default:
      return value instanceof Html ? value.text : value.map(markupOf).join("");
  }
}
