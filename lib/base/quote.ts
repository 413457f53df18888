/**
 * Text from strangers inside an error's message.
 *
 * @module
 */

/** Characters shown at most: a hostile name may be megabytes long. */
const MAX_CHARACTERS = 80;

/** `text` in double quotes, escaped as in JSON and cut short where it is long. */
export function quote(text: string): string {
  return JSON.stringify(
    text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text,
  );
}
