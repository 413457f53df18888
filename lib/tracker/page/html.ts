/**
 * A template tag that writes HTML and escapes every value in `${}` that the tag
 * did not write itself. Names, client strings and peer ids come from strangers:
 * no value reaches the page in another way. (The tag is not called `html`
 * because the formatter would then reformat the templates.)
 *
 * @module
 */
import { escape } from "@std/html/entities";
import { cutName } from "../../base/clean_text.ts";

/** HTML that is safe to put into a page as it is: our own, or written by {@linkcode markup}. */
export class Html {
  /** The markup. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value in a template; `undefined` writes nothing. */
export type HtmlValue =
  | Html
  | string
  | number
  | undefined
  | readonly HtmlValue[];

/**
 * Writes HTML: `` markup`<td>${name}</td>` ``. Texts are escaped. Line breaks of
 * the template and the indentation around them are removed.
 */
export function markup(
  strings: TemplateStringsArray,
  ...values: HtmlValue[]
): Html {
  let text = onOneLine(strings[0]!);
  for (let index = 0; index < values.length; index++) {
    text += markupOf(values[index]) + onOneLine(strings[index + 1]!);
  }
  return new Html(text);
}

/**
 * Characters that could make one name look like another: controls, line and
 * paragraph separators, bidirectional controls and lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;

/** The replacement character of Unicode. */
const REPLACEMENT = "\ufffd";

/** A stranger's text of at most 64 characters, with unsafe ones replaced; not escaped yet. */
export function shownText(text: string): string {
  return cutName(text).replace(UNSAFE, REPLACEMENT);
}

/** A command line to copy; the page's script makes its button work. */
export function renderCommand(command: string): Html {
  return markup`<span class="command"><code>${command}</code>
    <button type="button" data-own data-copy hidden>Copy</button></span>`;
}

/** The bytes of a text in UTF-8, a fresh copy. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  // Deno 2.4 types the encoder's buffer as `ArrayBufferLike`.
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
}

/** A fixed part of a template without its line breaks. */
function onOneLine(part: string): string {
  return part.includes("\n") ? part.replace(/\s*\n\s*/g, "") : part;
}

function markupOf(value: HtmlValue): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "object") return value.map(markupOf).join("");
  return escape(String(value));
}
