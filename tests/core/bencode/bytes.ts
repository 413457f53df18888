/**
 * Byte literals for tests.
 */

/** The bytes of Latin-1 text, one per character: `\xff` is the byte 255. */
export function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
