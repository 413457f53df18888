/**
 * Sample info dictionaries, and assertions on refusals.
 */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Encodable, encodeBencode } from "../../../lib/bencode/encode.ts";
import { sha1 } from "../../../lib/disk/sha1.ts";
import { MetainfoError } from "../../../lib/metainfo/metainfo_error.ts";
import { parseTorrent } from "../../../lib/metainfo/parse_torrent.ts";
import type { Platform } from "../../../lib/metainfo/safe_path.ts";
import type { Torrent } from "../../../lib/metainfo/torrent.ts";

export type Dictionary = { readonly [key: string]: Encodable | undefined };

/** One file of 40,000 bytes: two pieces of 32 KiB. */
export const FILE_INFO: Dictionary = {
  name: "document.pdf",
  length: 40_000,
  "piece length": 32_768,
  pieces: new Uint8Array(40).fill(7),
};

/** A folder of two files, 40,000 bytes together. */
export const FOLDER_INFO: Dictionary = {
  name: "folder",
  files: [
    { length: 39_999, path: ["a", "b"] },
    { length: 1, path: ["c"] },
  ],
  "piece length": 32_768,
  pieces: new Uint8Array(40).fill(7),
};

/** Parses a torrent that has only `info`. */
export function parseInfo(
  info: Dictionary,
  platform?: Platform,
): Promise<Torrent> {
  return parseTorrent(encodeBencode({ info }), { sha1, platform });
}

/** Asserts that parsing fails with an error of one line that names `field`. */
export async function assertRefused(
  torrent: Promise<Torrent>,
  field: string,
  reason: string,
): Promise<void> {
  const error = await assertRejects(() => torrent, MetainfoError, reason);
  assertEquals(error.field, field);
  assertEquals(error.message, `Cannot read torrent: ${field}: ${error.reason}`);
  assertMatch(error.message, /^.*$/);
}
