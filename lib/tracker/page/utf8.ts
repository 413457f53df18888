/**
 * Text as the bytes that are sent.
 *
 * @module
 */

const encoder = new TextEncoder();

/** The bytes of a text, a fresh copy. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  // In Deno 2.4 the encoder's type leaves open what kind of buffer it makes.
  return encoder.encode(text) as Uint8Array<ArrayBuffer>;
}
