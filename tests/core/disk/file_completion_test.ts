/**
 * Files that get their names as their last pieces are written.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Bitfield } from "../../../lib/base/bitfield.ts";
import { FileCompletion } from "../../../lib/disk/file_completion.ts";
import type { FilePlaces } from "../../../lib/disk/file_places.ts";
import { FileSpans } from "../../../lib/metainfo/file_spans.ts";
import { sampleTorrent } from "./sample_torrent.ts";

Deno.test("a piece completes 40,000 files in about the time that 40,000 calls take", async () => {
  const files = Array.from({ length: 40_000 }, (_, index) => (
    { path: ["set", String(index)], length: 1 }
  ));
  const { torrent } = sampleTorrent(65_536, files);
  const places = {
    isPart: () => false,
    isWanted: () => true,
    isNamed: () => false,
    isLinked: () => false,
  };
  const done = (): Promise<void> => Promise.resolve();
  const completion = new FileCompletion(torrent, {
    spans: new FileSpans(torrent.files),
    places: places as unknown as FilePlaces,
    publish: (indexes) => Promise.allSettled(indexes),
    ...{ flush: done, named: done, makePart: done, finish: done },
  });
  await completion.begin(new Bitfield(1));
  const startMs = performance.now();
  await completion.stored(0, files.length, [...files.keys()]);
  const named = await completion.named(0);
  const durationMs = performance.now() - startMs;
  assertEquals(named.length, files.length);
  // Measured: 0.1 s; 16 s when each call copied the list.
  assert(durationMs < 5_000, `${durationMs} ms`);
});
