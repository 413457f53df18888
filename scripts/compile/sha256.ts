/**
 * The checksum that everything built is known by.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";

/** The SHA-256 of bytes, in hex. */
export async function sha256(
  content: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", content);
  return encodeHex(new Uint8Array(digest));
}
