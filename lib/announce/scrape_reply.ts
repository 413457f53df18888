/**
 * A tracker's bencoded answer to a scrape, as a client reads it. Its dictionary is
 * keyed by the info hashes' bytes, which are no text. [BEP 48]
 *
 * @module
 */
import { type DecodedDictionary, isDictionary } from "../bencode/decode.ts";
import { TrackerError } from "../base/errors.ts";
import {
  IDENTIFIER_LENGTH,
  type InfoHash,
  infoHashFromBytes,
  infoHashFromHex,
} from "../base/identifier.ts";
import type { ScrapeEntry } from "./announce.ts";
import { parseReplyDictionary, replyNumber } from "./announce_reply.ts";

/**
 * Reads a scrape's reply; a count that a swarm lacks is 0.
 * @throws {TrackerError} If it is a refusal or no scrape.
 */
export function parseScrapeReply(bytes: Uint8Array): ScrapeEntry[] {
  const reply = parseReplyDictionary(bytes);
  const files = Object.hasOwn(reply, "files") ? reply.files : undefined;
  if (files === undefined || !isDictionary(files)) {
    throw new TrackerError("files is not a dictionary");
  }
  return Object.entries(files).map(([name, counts]) => {
    const infoHash = infoHashFromKey(name);
    if (infoHash === undefined) {
      throw new TrackerError("files has a key that is not an info hash");
    }
    if (!isDictionary(counts)) {
      throw new TrackerError(`files has no dictionary for ${infoHash}`);
    }
    return { infoHash, ...countsOf(counts) };
  });
}

function countsOf(counts: DecodedDictionary): Omit<ScrapeEntry, "infoHash"> {
  return {
    complete: replyNumber(counts, "complete") ?? 0,
    incomplete: replyNumber(counts, "incomplete") ?? 0,
    downloaded: replyNumber(counts, "downloaded") ?? 0,
  };
}

/** The decoder names a key by its text, or by its hex digits where it is not UTF-8. */
function infoHashFromKey(name: string): InfoHash | undefined {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length === IDENTIFIER_LENGTH) return infoHashFromBytes(bytes);
  return /^[0-9a-f]{40}$/.test(name) ? infoHashFromHex(name) : undefined;
}
