import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  describeHost,
  type Host,
  swarmProgress,
} from "../../../../lib/tracker/page/host.ts";
import { type ScenePeer, scenePeer } from "./scene_store.ts";

/** A peer of a torrent of 1000 bytes, 20 s after it announced. */
function host(
  peer: Partial<ScenePeer>,
  length: number | undefined = 1000,
): Host {
  return describeHost(
    scenePeer({ id: "x", hostname: "192.0.2.1", ...peer }),
    { length, nowMs: 20_000, silentAfterMs: 150_000 },
  );
}

Deno.test("describeHost() tells the state of a host", () => {
  const states = {
    done: host({ left: 0 }),
    fetching: host({ left: 500, downloaded: 500, bytesPerSecond: 10 }),
    stuck: host({ left: 500, downloaded: 500 }),
    // It had half of it before it joined.
    waiting: host({ left: 500 }),
    silent: host({ left: 500, bytesPerSecond: 10, lastSeenMs: -130_000 }),
  };
  for (const [state, host] of Object.entries(states)) {
    assertEquals(host.state, state);
  }
  // A complete host stays done when it is switched off.
  assertEquals(host({ left: 0, lastSeenMs: -1e6 }).state, "done");
});

Deno.test("describeHost() subtracts the time since the announce from the time left", () => {
  const { secondsLeft, secondsSilent } = host({
    left: 500,
    bytesPerSecond: 10,
  });
  assertEquals([secondsLeft, secondsSilent], [30, 20]);
  assertEquals(host({ left: 100, bytesPerSecond: 10 }).secondsLeft, 0);
  assertEquals(host({ left: 500 }).secondsLeft, undefined);
});

Deno.test("describeHost() knows the progress if the size is known", () => {
  assertEquals(host({ left: 250 }).fraction, 0.75);
  assertEquals(host({ left: 0 }).fraction, 1);
  assertEquals(host({ left: 0 }, undefined).fraction, 1);
  assertEquals(host({ left: 250 }, 0).fraction, undefined);
  // Peers may announce anything.
  assertEquals(host({ left: 5000 }).fraction, 0);
  assertAlmostEquals(host({ left: 1 }, 1e9).fraction!, 0.999);
  const unknown = describeHost(
    scenePeer({ id: "x", hostname: "192.0.2.1" }),
    { length: undefined, nowMs: 0, silentAfterMs: 1 },
  );
  assertEquals(unknown.fraction, undefined);
});

Deno.test("describeHost() sorts addresses numerically", () => {
  const hostnames = [
    "192.0.2.9",
    "192.0.2.10",
    "192.0.10.1",
    "::1",
    "2001:db8::1",
  ];
  const sorted = [...hostnames].reverse().map((hostname) => host({ hostname }))
    .sort((a, b) => a.sortAddress < b.sortAddress ? -1 : 1);
  assertEquals(
    sorted.map(({ addresses }) => addresses[0]!.hostname),
    hostnames,
  );
});

Deno.test("swarmProgress() counts the states and waits for the slowest fetching host", () => {
  const progress = swarmProgress([
    host({ left: 0 }),
    host({ left: 500, bytesPerSecond: 10 }),
    host({ left: 900, bytesPerSecond: 10 }),
    host({ left: 900, downloaded: 1 }),
  ]);
  assertEquals(progress, {
    counts: { stuck: 1, silent: 0, waiting: 0, fetching: 2, done: 1 },
    secondsLeft: 70,
  });
  assertEquals(swarmProgress([]).secondsLeft, undefined);
});
