/**
 * Files to share, and checksums to verify copies without the programs under test.
 */
import { encodeHex } from "@std/encoding/hex";

export async function writeRandomFile(
  path: string,
  length: number,
): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const chunk = new Uint8Array(65536);
  for (let offset = 0; offset < length; offset += chunk.length) {
    crypto.getRandomValues(chunk);
    await file.write(chunk.subarray(0, length - offset));
  }
}

/** The SHA-256 of a whole file, in hex. */
export async function sha256Of(path: string): Promise<string> {
  return await sha256(await Deno.readFile(path));
}

export async function sha256(
  content: Uint8Array<ArrayBuffer>,
): Promise<string> {
  return encodeHex(await crypto.subtle.digest("SHA-256", content));
}
