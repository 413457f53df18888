import { assertThrows } from "@std/assert";
import {
  checkDistinct,
  type LoadedTorrent,
} from "../../../cli/load_torrent.ts";
import { UsageError } from "../../../cli/program_error.ts";
import type { InfoHash, Torrent } from "../../../mod.ts";
import { TORRENT } from "./snapshots.ts";

const OTHER_HASH = "cd".repeat(20) as InfoHash;

/** The sample torrent under another name, with the info hash that goes with it. */
function named(name: string): Torrent {
  return { ...TORRENT, name, infoHash: OTHER_HASH };
}

/** Checks torrents in their order. */
function checkAll(
  torrents: readonly Torrent[],
  sources: readonly string[],
): void {
  const places = new Map<string, LoadedTorrent>();
  for (const [index, torrent] of torrents.entries()) {
    checkDistinct({ torrent, source: sources[index]! }, places);
  }
}

Deno.test("checkDistinct() takes torrents that are stored in places of their own", () => {
  checkAll([TORRENT, named("other")], ["a", "b"]);
});

Deno.test("checkDistinct() refuses torrents that some file system stores in one place", () => {
  for (const name of ["film.mkv", "FILM.mkv", "film.mkv.", "f\u200bilm.mkv"]) {
    assertThrows(
      () => checkAll([TORRENT, named(name)], ["a", "b"]),
      UsageError,
      `two torrents are stored as ${
        JSON.stringify(name)
      }; run a peer for each, with a --dir of its own`,
    );
  }
});

Deno.test("checkDistinct() refuses a torrent that is given twice", () => {
  const twice = [TORRENT, TORRENT];
  assertThrows(
    () => checkAll(twice, ["a", "a"]),
    UsageError,
    "a is given twice",
  );
  assertThrows(
    () => checkAll(twice, ["a", "b"]),
    UsageError,
    "a and b are the same torrent; give it once",
  );
});
