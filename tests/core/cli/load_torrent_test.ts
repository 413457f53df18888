import { assertThrows } from "@std/assert";
import { checkDistinct } from "../../../cli/load_torrent.ts";
import { UsageError } from "../../../cli/program_error.ts";
import type { InfoHash, Platform, Torrent } from "../../../mod.ts";
import { TORRENT } from "./snapshots.ts";

const OTHER_HASH = "cd".repeat(20) as InfoHash;

/** The sample torrent under another name, with the info hash that goes with it. */
function named(name: string): Torrent {
  return { ...TORRENT, name, infoHash: OTHER_HASH };
}

Deno.test("checkDistinct() takes torrents that are stored in places of their own", () => {
  checkDistinct([TORRENT, named("other")], ["a", "b"], "windows");
  checkDistinct([TORRENT, named("FILM.mkv")], ["a", "b"], "linux");
});

Deno.test("checkDistinct() refuses torrents that meet on the platform", () => {
  const cases: [name: string, platform: Platform][] = [
    ["film.mkv", "linux"],
    ["FILM.mkv", "windows"],
    ["FILM.mkv", "darwin"],
  ];
  for (const [name, platform] of cases) {
    assertThrows(
      () => checkDistinct([TORRENT, named(name)], ["a", "b"], platform),
      UsageError,
      `two torrents are stored as "${name}"; run a peer for each, with a --dir of its own`,
    );
  }
});

Deno.test("checkDistinct() refuses a torrent that is given twice", () => {
  const twice = [TORRENT, TORRENT];
  assertThrows(
    () => checkDistinct(twice, ["a", "a"], "linux"),
    UsageError,
    "a is given twice",
  );
  assertThrows(
    () => checkDistinct(twice, ["a", "b"], "linux"),
    UsageError,
    "a and b are the same torrent; give it once",
  );
});
