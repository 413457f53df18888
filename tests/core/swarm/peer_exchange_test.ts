/**
 * Peer exchange. [BEP 11]
 */
import { assert, assertEquals } from "@std/assert";
import {
  formatPeerAddress,
  type PeerAddress,
} from "../../../lib/base/peer_address.ts";
import { EXCHANGE_INTERVAL_MS } from "../../../lib/swarm/peer_exchange.ts";
import { encodeExtendedHandshake } from "../../../lib/wire/extended_handshake.ts";
import {
  encodePeerExchange,
  parsePeerExchange,
} from "../../../lib/wire/peer_exchange_message.ts";
import { latin1 } from "../bencode/bytes.ts";
import { EXTENDED, type Introduction, SwarmDesk } from "./swarm_desk.ts";

/** The id under which the peers of these tests take peer exchange. */
const THEIR_ID = 7;
const MINUTE = EXCHANGE_INTERVAL_MS;

/** A peer that we dialed at port 6881 and that supports peer exchange. */
function meet(desk: SwarmDesk, peer: number, how: Introduction = {}): void {
  desk.join(peer, {
    ...EXTENDED,
    isOutgoing: true,
    listenPort: 6881,
    ...how,
  });
  greet(desk, peer, { peerExchangeId: THEIR_ID });
}

/** A peer's extended handshake. */
function greet(
  desk: SwarmDesk,
  peer: number,
  said: { peerExchangeId?: number; port?: number; yourHostname?: string },
): void {
  desk.receive(peer, {
    type: "extended",
    id: 0,
    payload: encodeExtendedHandshake(said),
  });
}

/** The payloads of peer exchange among lines, with their receivers. */
function exchangesIn(
  lines: readonly string[],
): [peer: number, payload: Uint8Array][] {
  const pattern = new RegExp(`^(\\d+) < extended ${THEIR_ID}: ([^]*)$`);
  return lines.flatMap((line) => {
    const match = pattern.exec(line);
    return match === null ? [] : [[Number(match[1]), latin1(match[2]!)]];
  });
}

/** The addresses sent to each peer, as `"1: 192.0.2.2:6881 …"`. */
function addressesIn(lines: readonly string[]): string[] {
  return exchangesIn(lines).map(([peer, payload]) => {
    const names = parsePeerExchange(payload).map(({ address }) =>
      formatPeerAddress(address)
    );
    return `${peer}: ${names.join(" ")}`;
  });
}

/** The number of peers that a message drops. */
function droppedCount(payload: Uint8Array): number {
  const text = new TextDecoder("latin1").decode(payload);
  const length = /7:dropped(\d+):/.exec(text)?.[1] ?? "0";
  return Number(length) / 6;
}

/** A peer sends us addresses. */
function exchange(
  desk: SwarmDesk,
  addresses: readonly PeerAddress[],
  options: { from?: number; isSeeder?: boolean } = {},
): string[] {
  const added = addresses.map((address) => ({
    address,
    isSeeder: options.isSeeder ?? false,
    isReachable: true,
  }));
  const payload = encodePeerExchange({ added, dropped: [] });
  return desk.receive(options.from ?? 1, { type: "extended", id: 1, payload });
}

/** A host of 10.0.0.0/16, at port 6881. */
function at(host: number): PeerAddress {
  return { hostname: `10.0.${host >> 8}.${host & 255}`, port: 6881 };
}

Deno.test("Swarm sends each peer the addresses of the others, each once", () => {
  const desk = new SwarmDesk({ have: "." });
  for (const peer of [1, 2, 3]) meet(desk, peer);
  assertEquals(addressesIn(desk.pass(5_000)), [
    "1: 192.0.2.2:6881 192.0.2.3:6881",
    "2: 192.0.2.1:6881 192.0.2.3:6881",
    "3: 192.0.2.1:6881 192.0.2.2:6881",
  ]);
  assertEquals(addressesIn(desk.pass(3 * MINUTE)), []);
});

Deno.test("Swarm marks seeds and reachable peers in peer exchange", () => {
  const desk = new SwarmDesk({ have: "." });
  meet(desk, 1);
  meet(desk, 2);
  desk.bitfield(2, "#");
  meet(desk, 3, { isOutgoing: false, listenPort: undefined });
  greet(desk, 3, { port: 7003 });
  const [[peer, payload]] = exchangesIn(desk.pass(5_000)) as [
    [number, Uint8Array],
  ];
  assertEquals(peer, 1);
  assertEquals(parsePeerExchange(payload), [
    {
      address: { hostname: "192.0.2.2", port: 6881 },
      isSeeder: true,
      isReachable: true,
    },
    {
      address: { hostname: "192.0.2.3", port: 7003 },
      isSeeder: false,
      isReachable: false,
    },
  ]);
});

Deno.test("Swarm sends the peers that joined and left once a minute", () => {
  const desk = new SwarmDesk({ have: "." });
  for (const peer of [1, 2]) meet(desk, peer);
  desk.pass(5_000);
  desk.leave(2);
  meet(desk, 3);
  const early = desk.pass(MINUTE - 10_000);
  assertEquals(addressesIn(early), ["3: 192.0.2.1:6881"]);
  const [message, ...more] = exchangesIn(desk.pass(10_000));
  assertEquals(more, []);
  assertEquals(
    parsePeerExchange(message![1])[0]?.address.hostname,
    "192.0.2.3",
  );
  assertEquals(droppedCount(message![1]), 1);
});

Deno.test("Swarm sends no peer more than a message a minute, however many join and leave", () => {
  const desk = new SwarmDesk({ have: ".", maxPeers: 1000 });
  meet(desk, 1);
  const times: number[] = [];
  let added = 0;
  for (let peer = 2; peer < 300; peer++) {
    meet(desk, peer);
    if (peer > 60) desk.leave(peer - 50);
    for (const [to, payload] of exchangesIn(desk.pass(1000))) {
      if (to !== 1) continue;
      times.push(desk.now);
      const { length } = parsePeerExchange(payload);
      assert(length <= 50 && droppedCount(payload) <= 50);
      added += length;
    }
  }
  const pauses = times.slice(1).map((time, index) => time - times[index]!);
  assert(pauses.length >= 4);
  for (const pause of pauses) assert(pause >= MINUTE, `${pause}`);
  assert(added > 100);
});

Deno.test("Swarm sends many addresses in several messages, in a random order for each peer", () => {
  const desk = new SwarmDesk({ have: ".", maxPeers: 200 });
  for (let peer = 1; peer <= 121; peer++) meet(desk, peer);
  const received = [1, 2].map(() => new Set<string>());
  const portions: number[] = [];
  for (let minute = 0; minute < 4; minute++) {
    for (const [to, payload] of exchangesIn(desk.pass(MINUTE))) {
      const names = parsePeerExchange(payload).map(({ address }) =>
        address.hostname
      );
      if (to === 1) portions.push(names.length);
      for (const name of names) received[to - 1]?.add(name);
      if (minute === 0 && to === 2) {
        assert(names.some((name) => !received[0]!.has(name)));
      }
    }
  }
  assertEquals(portions, [50, 50, 20]);
  assertEquals(received.map((names) => names.size), [120, 120]);
});

Deno.test("Swarm sends nothing for a peer that left and came back", () => {
  const desk = new SwarmDesk({ have: "." });
  for (const peer of [1, 2]) meet(desk, peer);
  desk.pass(5_000);
  desk.leave(2);
  meet(desk, 3, { hostname: "192.0.2.2" });
  assertEquals(addressesIn(desk.pass(2 * MINUTE)), ["3: 192.0.2.1:6881"]);
  desk.leave(3);
  assertEquals(exchangesIn(desk.pass(2 * MINUTE)).length, 1);
});

Deno.test("Swarm sends no address without a known port, or that the receiver could not dial", () => {
  const desk = new SwarmDesk({ have: "." });
  meet(desk, 1);
  meet(desk, 2, { isOutgoing: false, listenPort: undefined });
  meet(desk, 3, { hostname: "127.0.0.1" });
  meet(desk, 4, { hostname: "127.0.0.1", listenPort: 7004 });
  meet(desk, 5, { listenPort: 443 });
  meet(desk, 6, { hostname: "2001:db8::6" });
  assertEquals(addressesIn(desk.pass(5_000)), [
    "1: [2001:db8::6]:6881",
    "2: 192.0.2.1:6881 [2001:db8::6]:6881",
    "3: 192.0.2.1:6881 127.0.0.1:7004 [2001:db8::6]:6881",
    "4: 192.0.2.1:6881 127.0.0.1:6881 [2001:db8::6]:6881",
    "5: 192.0.2.1:6881 [2001:db8::6]:6881",
    "6: 192.0.2.1:6881",
  ]);
});

Deno.test("Swarm sends no peer exchange to a peer that does not support it, or withdrew it", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1, EXTENDED);
  greet(desk, 1, {});
  meet(desk, 2);
  meet(desk, 3);
  greet(desk, 2, { peerExchangeId: 0 });
  assertEquals(addressesIn(desk.pass(5_000)), ["3: 192.0.2.2:6881"]);
});

Deno.test("Swarm emits the addresses that a peer sends", () => {
  const desk = new SwarmDesk({ have: "." });
  meet(desk, 1);
  const ipv6 = { hostname: "2001:db8::9", port: 6881 };
  assertEquals(exchange(desk, [at(1), at(2), ipv6]), [
    "exchanged 10.0.0.1:6881 10.0.0.2:6881 [2001:db8::9]:6881",
  ]);
});

Deno.test("Swarm emits no address that it must not dial, is connected with, or is its own", () => {
  const desk = new SwarmDesk({ have: ".", listenPort: 6881 });
  meet(desk, 1);
  greet(desk, 1, { yourHostname: "10.0.0.77" });
  meet(desk, 2);
  const named = [
    { hostname: "127.0.0.1", port: 6881 },
    { hostname: "0.0.0.0", port: 6881 },
    { hostname: "224.0.0.1", port: 6881 },
    { hostname: "255.255.255.255", port: 6881 },
    { hostname: "ff02::1", port: 6881 },
    { hostname: "::", port: 6881 },
    { hostname: "10.0.0.5", port: 22 },
    { hostname: "192.0.2.2", port: 6881 }, // peer 2
    { hostname: "192.0.2.1", port: 6881 }, // the sender
    at(77), // ourselves
    at(1),
    at(1),
  ];
  assertEquals(exchange(desk, named), ["exchanged 10.0.0.1:6881"]);
});

Deno.test("Swarm accepts loopback addresses from a peer on loopback", () => {
  const desk = new SwarmDesk({ have: "." });
  meet(desk, 1, { hostname: "127.0.0.1" });
  const others = Array.from({ length: 9 }, (_, index) => ({
    hostname: "127.0.0.1",
    port: 7000 + index,
  }));
  const [line] = exchange(desk, others);
  assertEquals(line?.split(" ").length, 1 + 9);
});

Deno.test("Swarm accepts few ports of one host", () => {
  const desk = new SwarmDesk({ have: "." });
  meet(desk, 1);
  const ports = Array.from({ length: 40 }, (_, index) => ({
    hostname: "10.0.0.1",
    port: 7000 + index,
  }));
  const [line] = exchange(desk, ports);
  assertEquals(line?.split(" ").length, 1 + 4);
});

Deno.test("Swarm that is complete ignores seeds", () => {
  for (const have of ["#", "."]) {
    const desk = new SwarmDesk({ have });
    meet(desk, 1);
    const lines = exchange(desk, [at(1)], { isSeeder: true });
    assertEquals(lines.length, have === "#" ? 0 : 1);
  }
});

Deno.test("Swarm ignores peer exchange that comes too soon, and disconnects a peer that sends many", () => {
  const desk = new SwarmDesk({ have: "." });
  meet(desk, 1);
  assertEquals(exchange(desk, [at(1)]).length, 1);
  for (let count = 0; count < 6; count++) {
    desk.pass(1000);
    assertEquals(exchange(desk, [at(10 + count)]), []);
  }
  assertEquals(exchange(desk, [at(20)]), ["1 disconnect protocol"]);
});

Deno.test("Swarm accepts a message a minute without end", () => {
  const desk = new SwarmDesk({ have: "." });
  meet(desk, 1);
  for (let count = 0; count < 20; count++) {
    // Half of them a little early: the network may have delayed the previous ones.
    desk.now += count % 2 === 0 ? MINUTE + 5_000 : MINUTE - 5_000;
    assertEquals(exchange(desk, [at(count)]).length, 1);
  }
});

Deno.test("Swarm disconnects a peer that sends malformed peer exchange", () => {
  const desk = new SwarmDesk({ have: "." });
  meet(desk, 1);
  const payload = latin1("d5:added5:abcdee");
  assertEquals(
    desk.receive(1, { type: "extended", id: 1, payload }),
    ["1 disconnect protocol"],
  );
});

Deno.test("Swarm of a private torrent neither offers, sends nor accepts peer exchange", () => {
  const desk = new SwarmDesk({ have: ".", isPrivate: true });
  const [greeting] = desk.join(1, EXTENDED);
  assertEquals(greeting?.includes("1:mde"), true, greeting);
  greet(desk, 1, { peerExchangeId: THEIR_ID });
  for (const peer of [2, 3]) meet(desk, peer);
  assertEquals(exchangesIn(desk.pass(2 * MINUTE)), []);
  assertEquals(exchange(desk, [at(1)]), []);
});
