/**
 * SHA-1 of bytes in memory, by the platform. The one hash of the library; pure
 * folders take it as an argument of type `Sha1`.
 *
 * @module
 */

/** The 20-byte SHA-1 of `bytes`, a fresh array. `bytes` must not change until it resolves. */
export async function sha1(
  bytes: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  // Nothing here is on shared memory, the one buffer that WebCrypto refuses.
  const view = bytes as Uint8Array<ArrayBuffer>;
  return new Uint8Array(await crypto.subtle.digest("SHA-1", view));
}
