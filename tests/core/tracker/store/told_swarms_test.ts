import { assertEquals } from "@std/assert";
import type { InfoHash } from "../../../../lib/base/identifier.ts";
import { ToldSwarms } from "../../../../lib/tracker/store/told_swarms.ts";
import type { ScrapeEntry } from "../../../../lib/announce/announce.ts";
import { bytes, infoHash } from "../../announce/samples.ts";

/** `entry(1, 2, 3)`: 1 seeder, 2 leechers, 3 downloads of swarm "a". */
function entry(
  complete: number,
  incomplete: number,
  downloaded: number,
  swarm: InfoHash = infoHash("a"),
): ScrapeEntry {
  return { infoHash: swarm, complete, incomplete, downloaded };
}

Deno.test("ToldSwarms adds to what it was told what changed since", () => {
  const told = new ToldSwarms();
  assertEquals(told.estimate(entry(1, 1, 1)), entry(1, 1, 1));
  told.note({
    counts: entry(10, 20, 30),
    ownCounts: entry(1, 2, 3),
    members: bytes(""),
  }, 0);
  assertEquals(told.estimate(entry(1, 2, 3)), entry(10, 20, 30));
  // One more completed here, and three left.
  assertEquals(told.estimate(entry(1, 0, 4)), entry(10, 18, 31));
  // Never less than what is known here.
  assertEquals(told.estimate(entry(50, 60, 70)), entry(59, 78, 97));
  told.note({
    counts: entry(0, 0, 0),
    ownCounts: entry(9, 9, 9),
    members: bytes(""),
  }, 0);
  assertEquals(told.estimate(entry(8, 8, 8)), entry(8, 8, 8));
});

Deno.test("ToldSwarms keeps a copy of the members, and takes new ones after a while", () => {
  const told = new ToldSwarms();
  const note = (text: string, nowMs: number): Uint8Array => {
    const members = bytes(text);
    const counts = entry(0, 0, 0);
    told.note({ counts, ownCounts: counts, members }, nowMs);
    return members;
  };
  const kept = (): Uint8Array | undefined => told.get(infoHash("a"))?.members;
  note("", 0);
  assertEquals(kept(), bytes(""));
  note("first", 1).fill(0);
  assertEquals(kept(), bytes("first"));
  note("second", 5_000);
  assertEquals(kept(), bytes("first"));
  note("", 9_000); // a goodbye, to which nobody is named
  assertEquals(kept(), bytes("first"));
  note("third", 9_001);
  assertEquals(kept(), bytes("third"));
});

Deno.test("ToldSwarms forgets the swarm that was told of longest ago", () => {
  const told = new ToldSwarms();
  const swarm = (index: number): InfoHash =>
    index.toString(16).padStart(40, "0") as InfoHash;
  for (let index = 0; index < 20_000; index++) {
    const counts = entry(0, 0, 0, swarm(index));
    told.note({ counts, ownCounts: counts, members: bytes("") }, 0);
  }
  const again = entry(1, 1, 1, swarm(0));
  told.note({ counts: again, ownCounts: again, members: bytes("") }, 0);
  const more = entry(1, 1, 1, swarm(20_000));
  told.note({ counts: more, ownCounts: more, members: bytes("") }, 0);
  assertEquals(told.get(swarm(1)), undefined);
  assertEquals(told.get(swarm(0))?.counts, again);
  assertEquals([...told.values()].length, 20_000);
});
