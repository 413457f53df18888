import { assertEquals } from "@std/assert";
import {
  identifierToBytes,
  type PeerId,
} from "../../../../lib/base/identifier.ts";
import { randomBelow, seededRandom } from "../../../../lib/base/random.ts";
import type { SwarmChange } from "../../../../lib/tracker/store/peer_store.ts";
import {
  accept,
  counts,
  expireAll,
  memoryStore,
  ports,
} from "./memory_scene.ts";
import {
  addressesOf,
  infoHash,
  peerAnnounce,
  peerId,
  portOf,
  text,
} from "../../announce/samples.ts";

const B = infoHash("b");

Deno.test("MemoryStore counts a peer through its life", () => {
  const store = memoryStore();
  assertEquals(counts(store), "unknown");
  accept(store, "x");
  assertEquals(counts(store), "0 1 0");
  accept(store, "x", { event: "update" });
  assertEquals(counts(store), "0 1 0");
  accept(store, "x", { event: "completed", isSeeder: true });
  assertEquals(counts(store), "1 0 1");
  accept(store, "x", { event: "completed", isSeeder: true }); // sent again
  assertEquals(counts(store), "1 0 1");
  accept(store, "x", { event: "update", isSeeder: false }); // lost its file
  assertEquals(counts(store), "0 1 1");
  const last = accept(store, "x", { event: "stopped" });
  assertEquals(addressesOf(last.peers), []);
  assertEquals(last.swarm.incomplete, 0);
  assertEquals(counts(store), "0 0 1"); // downloads outlive the peers
  assertEquals(store.totals(), {
    activeSwarmCount: 0,
    seederCount: 0,
    leecherCount: 0,
    downloadCount: 1,
    bytesPerSecond: 0,
  });
});

Deno.test("MemoryStore learns of peers by any event, and of none by stopped", () => {
  const store = memoryStore();
  accept(store, "x", { event: "update" });
  accept(store, "y", { event: "completed", isSeeder: true });
  accept(store, "z", { event: "stopped" });
  assertEquals(counts(store), "1 1 1");
  accept(store, "z", { infoHash: infoHash("b"), event: "stopped" });
  assertEquals(counts(store, B), "unknown");
});

Deno.test("MemoryStore keeps swarms apart", () => {
  const store = memoryStore();
  accept(store, "x");
  const other = accept(store, "x", { infoHash: infoHash("b") });
  assertEquals(addressesOf(other.peers), []);
  accept(store, "x", { event: "stopped" });
  assertEquals([counts(store), counts(store, B)], ["unknown", "0 1 0"]);
});

Deno.test("MemoryStore forgets silent peers, and only those", () => {
  const store = memoryStore();
  accept(store, "early", {}, 0);
  accept(store, "late", {}, 60_000);
  accept(store, "other", { infoHash: infoHash("b"), isSeeder: true }, 0);
  accept(store, "early", { event: "update" }, 100_000);
  expireAll(store, 180_000);
  assertEquals([counts(store), counts(store, B)], ["0 2 0", "1 0 0"]);
  expireAll(store, 180_001);
  assertEquals([counts(store), counts(store, B)], ["0 2 0", "unknown"]);
  expireAll(store, 240_001);
  assertEquals(counts(store), "0 1 0");
  expireAll(store, 280_001);
  assertEquals(counts(store), "unknown");
  assertEquals(store.totals().leecherCount, 0);
});

Deno.test("MemoryStore forgets many silent peers a part at a time, and tells whether it has more to do", () => {
  const store = memoryStore();
  for (let number = 0; number < 500; number++) {
    const address = { hostname: "192.0.2.1", port: 2_000 + number };
    accept(store, `${number}`, { address });
  }
  const left: number[] = [];
  while (store.expire(180_001)) left.push(store.totals().leecherCount);
  assertEquals(left, [372, 244, 116]);
  assertEquals(counts(store), "unknown");
  assertEquals(store.expire(180_001), false);
});

Deno.test("MemoryStore lets a peer move only with its key", () => {
  const elsewhere = { hostname: "192.0.2.66", port: 6881 };
  const store = memoryStore();
  accept(store, "keyed", { key: "secret" });
  accept(store, "plain");
  for (
    const [name, key] of [["keyed", "guess"], ["keyed", undefined], [
      "plain",
      undefined,
    ]] as const
  ) {
    for (const event of ["update", "stopped"] as const) {
      const announce = peerAnnounce(name, { key, event, address: elsewhere });
      assertEquals(store.announce(announce, 0), {
        type: "refused",
        reason: "the peer id is in use at another address",
      });
    }
  }
  accept(store, "keyed", { key: "secret", address: elsewhere });
  const keyed = store.peers(infoHash("a"), 9)
    .find((peer) => peer.peerId === peerId("keyed"));
  assertEquals(keyed?.addresses, [elsewhere]);
});

Deno.test("MemoryStore lets a peer at its old address change port and key", () => {
  const store = memoryStore();
  accept(store, "x", { key: "old" });
  const address = { hostname: "192.0.2.1", port: 7000 };
  accept(store, "x", { key: "new", address });
  assertEquals(ports(accept(store, "y")), [7000]);
});

Deno.test("MemoryStore keeps one address of each family of a peer that announces from both", () => {
  const store = memoryStore();
  const ipv4 = { hostname: "192.0.2.1", port: 6881 };
  const ipv6 = { hostname: "2001:db8::1", port: 6881 };
  accept(store, "x", { address: ipv6, key: "secret" });
  accept(store, "x", { address: ipv4, key: "secret" });
  assertEquals(counts(store), "0 1 0");
  assertEquals(addressesOf(accept(store, "y").peers), [ipv4, ipv6]);
  const movedIpv4 = { hostname: "192.0.2.9", port: 7000 };
  const movedIpv6 = { hostname: "2001:db8::9", port: 7000 };
  accept(store, "x", { address: movedIpv4, key: "secret" });
  accept(store, "x", { address: movedIpv6, key: "secret" });
  assertEquals(addressesOf(accept(store, "y").peers), [movedIpv4, movedIpv6]);
  accept(store, "x", { address: movedIpv6, event: "stopped" });
  assertEquals(addressesOf(accept(store, "y").peers), []);
});

Deno.test("MemoryStore takes a newcomer at an address and port for the peer that was there", () => {
  const changes: string[] = [];
  const store = memoryStore({
    onChange: ({ type, peerId: id, swarm: { complete, incomplete } }) =>
      changes.push(`${type} ${nameOf(id)}: ${complete} ${incomplete}`),
  });
  const home = { hostname: "192.0.2.1", port: 6881 };
  const ipv6 = { hostname: "2001:db8::1", port: 6881 };
  accept(store, "old", { address: home, isSeeder: true, key: "k" });
  accept(store, "old", { address: ipv6, isSeeder: true, key: "k" });
  accept(store, "new", { address: home });
  assertEquals(counts(store), "0 1 0");
  assertEquals(addressesOf(accept(store, "other").peers), [home]);
  // One that moves there is a newcomer too.
  accept(store, "other", { address: home });
  assertEquals(counts(store), "0 1 0");
  // In another swarm it is another peer; and no one is at a port that is not given out.
  accept(store, "z", { address: home, infoHash: infoHash("b") });
  for (const name of ["p", "q"]) {
    accept(store, name, { address: { ...home, port: 0 } });
  }
  assertEquals([counts(store), counts(store, B)], ["0 3 0", "0 1 0"]);
  assertEquals(changes, [
    "joined old: 1 0",
    "expired old: 0 0",
    "joined new: 0 1",
    "joined other: 0 2",
    "expired new: 0 0",
    "joined z: 0 1",
    "joined p: 0 2",
    "joined q: 0 3",
  ]);
});

/** The name of a peer of these tests. */
function nameOf(id: PeerId): string {
  return text(identifierToBytes(id)).replaceAll("-", "");
}

Deno.test("MemoryStore remembers downloads when the peers come back, and those that were counted elsewhere", () => {
  const store = memoryStore();
  store.table.restore({ infoHash: infoHash("a"), downloadCount: 5 });
  assertEquals(counts(store), "0 0 5");
  accept(store, "x", { event: "completed", isSeeder: true });
  accept(store, "x", { event: "stopped" });
  store.table.addDownloads(infoHash("b"), 7);
  assertEquals([...store.swarms()].map(({ downloaded }) => downloaded), [6, 7]);
  assertEquals(store.totals().downloadCount, 13);
  accept(store, "y");
  assertEquals(counts(store), "0 1 6");
});

Deno.test("MemoryStore tells of joins, completions, departures and silence with the counts after them", () => {
  const changes: string[] = [];
  const store = memoryStore({
    onChange: ({ type, address, swarm }: SwarmChange) =>
      changes.push(
        `${type} ${address.port}: ${swarm.complete} ${swarm.incomplete}`,
      ),
  });
  accept(store, "x");
  accept(store, "x", { event: "update" });
  accept(store, "x", { event: "completed", isSeeder: true });
  accept(store, "y", { address: { hostname: "192.0.2.2", port: 7 } });
  accept(store, "x", { event: "stopped" });
  expireAll(store, 180_001);
  assertEquals(changes, [
    `joined ${portOf("x")}: 0 1`,
    `completed ${portOf("x")}: 1 0`,
    "joined 7: 1 1",
    `left ${portOf("x")}: 0 1`,
    "expired 7: 0 0",
  ]);
});

Deno.test("MemoryStore tells people what each peer said last and how fast it receives", () => {
  const store = memoryStore();
  const at = (downloaded: number, left: number) => ({
    uploaded: 7,
    downloaded,
    left,
  });
  accept(store, "x", { progress: at(0, 10_000) }, 0);
  accept(store, "x", { event: "update", progress: at(4_000, 6_000) }, 2_000);
  accept(store, "y", { progress: at(0, 10_000) }, 2_000);
  // Sooner than a second: no speed to be told from that.
  accept(store, "x", { event: "update", progress: at(4_900, 5_100) }, 2_100);
  const [x, y] = store.peers(infoHash("a"), 9);
  assertEquals(x, {
    peerId: peerId("x"),
    addresses: [{ hostname: "192.0.2.1", port: portOf("x") }],
    isSeeder: false,
    progress: at(4_900, 5_100),
    bytesPerSecond: 2_000,
    lastSeenMs: 2_100,
  });
  assertEquals(y?.bytesPerSecond, 0);
  accept(store, "y", { event: "update", progress: at(3_000, 7_000) }, 5_000);
  const [swarm] = store.swarms();
  assertEquals([swarm?.contentLength, swarm?.bytesPerSecond], [10_000, 3_000]);
  assertEquals(store.totals().bytesPerSecond, 3_000);
  accept(store, "x", {
    event: "completed",
    isSeeder: true,
    progress: at(10_000, 0),
  }, 5_000);
  assertEquals(store.totals().bytesPerSecond, 1_000);
  accept(store, "y", { event: "stopped" }, 5_000);
  assertEquals(store.totals().bytesPerSecond, 0);
  assertEquals(store.peers(infoHash("a"), 9).length, 1);
  assertEquals(store.peers(infoHash("a"), 0), []);
  assertEquals(store.peers(infoHash("b"), 9), []);
});

Deno.test("MemoryStore takes the most that a peer lacked for a torrent's size", () => {
  const store = memoryStore();
  const size = (left: number): number | undefined => {
    const progress = { uploaded: 0, downloaded: 0, left };
    accept(store, "x", { progress });
    return [...store.swarms()][0]?.contentLength;
  };
  assertEquals([size(0), size(700), size(300)], [undefined, 700, 700]);
});

Deno.test("MemoryStore tells the age of the swarm and how many peers there are", () => {
  const store = memoryStore();
  const ages = [0, 1_500, 9_000].map((nowMs) => {
    const { swarmAgeMs, peerCount } = accept(store, `${nowMs}`, {}, nowMs);
    return [swarmAgeMs, peerCount];
  });
  assertEquals(ages, [[0, 1], [1_500, 2], [9_000, 3]]);
  const other = accept(store, "x", { infoHash: infoHash("b") }, 9_000);
  assertEquals([other.swarmAgeMs, other.peerCount], [0, 4]);
});

Deno.test("MemoryStore agrees with a plain list through random announces (seed 4)", () => {
  const random = seededRandom(4);
  const store = memoryStore({ random });
  const events = ["started", "update", "completed", "stopped"] as const;
  const model = new Map<
    string,
    { isSeeder: boolean; seenMs: number; addresses: Map<boolean, string> }
  >();
  for (let round = 0; round < 20_000; round++) {
    const nowMs = round * 1_000;
    const name = `${randomBelow(300, random)}`;
    const digit = "abc"[randomBelow(3, random)]!;
    const event = events[randomBelow(events.length, random)]!;
    const isSeeder = random() < 0.5;
    const isIpv6 = random() < 0.3;
    const place = 1 + randomBelow(9, random);
    const hostname = isIpv6 ? `2001:db8::${place}` : `192.0.2.${place}`;
    const port = 1020 + randomBelow(10, random);
    const address = { hostname, port };
    accept(store, name, {
      infoHash: infoHash(digit),
      event,
      isSeeder,
      address,
      key: "secret",
    }, nowMs);
    const key = `${digit} ${name}`;
    const addresses = model.get(key)?.addresses ?? new Map();
    const endpoint = `${hostname} ${port}`;
    addresses.set(isIpv6, endpoint);
    if (event === "stopped") model.delete(key);
    else {
      for (const [other, { addresses }] of model) {
        const isReplaced = port >= 1024 && other.startsWith(digit) &&
          [...addresses.values()].includes(endpoint);
        if (isReplaced && other !== key) model.delete(other);
      }
      model.set(key, { isSeeder, seenMs: nowMs, addresses });
    }
    if (round % 500 !== 0) continue;
    expireAll(store, nowMs);
    for (const [key, { seenMs }] of model) {
      if (seenMs < nowMs - 180_000) model.delete(key);
    }
    const seeders = [...model.values()].filter((peer) => peer.isSeeder).length;
    const { seederCount, leecherCount } = store.totals();
    assertEquals([seederCount, leecherCount], [seeders, model.size - seeders]);
    for (const digit of "abc") {
      const listed = store.peers(infoHash(digit), 1_000).flatMap((peer) =>
        peer.addresses.map(({ hostname, port }) =>
          `${peer.peerId} ${peer.isSeeder} ${hostname} ${port}`
        )
      );
      const expected = [...model].filter(([key]) => key.startsWith(digit))
        .flatMap(([key, { isSeeder, addresses }]) =>
          [...addresses.values()].map((address) =>
            `${peerId(key.slice(2))} ${isSeeder} ${address}`
          )
        );
      assertEquals(listed.sort(), expected.sort());
    }
  }
});
