/**
 * The characters of HTTP's words: methods and header names. [RFC 9110, 5.6.2]
 *
 * @module
 */

const IS_TOKEN = Uint8Array.from(
  { length: 256 },
  (_, byte) => /[\w!#$%&'*+.^`|~-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/** The first byte from `from` on that is of no word; `to` if all are. */
export function endOfToken(
  bytes: Uint8Array,
  from: number,
  to: number,
): number {
  let offset = from;
  while (offset < to && IS_TOKEN[bytes[offset]!] === 1) offset++;
  return offset;
}
