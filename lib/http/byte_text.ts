/**
 * Bytes as text and compared with text, a character for each byte: HTTP's words
 * are ASCII, and what is not goes on as it came. Ranges are from a first byte to
 * the one after the last.
 *
 * @module
 */

const decoder = new TextDecoder();

/** Most characters made of code units at once; each is an argument of a call. */
const MAX_CHARACTERS_AT_ONCE = 4096;

/** A character for each byte, so that nothing of it is lost. */
export function latin1Text(
  bytes: Uint8Array,
  from: number,
  to: number,
): string {
  let seen = 0;
  for (let offset = from; offset < to; offset++) seen |= bytes[offset]!;
  // ASCII is the same in UTF-8, and its decoder is 4 × as fast as code units.
  if (seen < 0x80) return decoder.decode(bytes.subarray(from, to));
  let text = "";
  for (let start = from; start < to; start += MAX_CHARACTERS_AT_ONCE) {
    const end = Math.min(to, start + MAX_CHARACTERS_AT_ONCE);
    text += String.fromCharCode(...bytes.subarray(start, end));
  }
  return text;
}

/** Whether the bytes are that text, which is ASCII. */
export function isText(
  bytes: Uint8Array,
  from: number,
  to: number,
  text: string,
): boolean {
  if (to - from !== text.length) return false;
  for (let index = 0; index < text.length; index++) {
    if (bytes[from + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** Whether the bytes are that text in any case; the text is ASCII in lower case. */
export function isTextInAnyCase(
  bytes: Uint8Array,
  from: number,
  to: number,
  text: string,
): boolean {
  if (to - from !== text.length) return false;
  for (let index = 0; index < text.length; index++) {
    const byte = bytes[from + index]!;
    const isUpperCase = byte >= 0x41 && byte <= 0x5a; // A-Z
    if ((isUpperCase ? byte | 0x20 : byte) !== text.charCodeAt(index)) {
      return false;
    }
  }
  return true;
}
