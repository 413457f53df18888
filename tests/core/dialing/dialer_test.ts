import { assert, assertEquals } from "@std/assert";
import type { PeerAddress } from "../../../lib/base/peer_address.ts";
import { DialLimiter } from "../../../lib/dialing/dial_limiter.ts";
import {
  type ConnectionEnd,
  Dialer,
  type DialerEvent,
  type DialerOptions,
  MAX_PEERS,
} from "../../../lib/dialing/dialer.ts";

interface Peer {
  readonly peer: {
    readonly hostname: string;
    readonly listenPort: number | undefined;
  };
}

/** A dialer and the connections that it takes into account. */
class DialDesk {
  readonly peers = new Map<unknown, Peer>();
  hasPlace = true;
  now = 0;
  readonly #dialer: Dialer;

  constructor(options: Partial<DialerOptions> = {}) {
    this.#dialer = new Dialer({
      random: () => 0.5,
      maxPeers: MAX_PEERS,
      permits: () => true,
      limiter: new DialLimiter(),
      connections: { peers: this.peers, hasSlotFor: () => this.hasPlace },
      ...options,
    });
  }

  /** Applies an event. Returns the hostnames that are to be dialed. */
  apply(event: DialerEvent): string[] {
    return this.#dialer.apply(event, this.now).map(({ hostname }) => hostname);
  }

  learn(count: number, source: "tracker" | "exchange" = "tracker"): string[] {
    const addresses = Array.from({ length: count }, (_, host) => at(host + 1));
    return this.apply({ type: "learnt", source, addresses });
  }

  /** Connects `count` peers of distinct hosts, or of `hostname`. */
  connect(count: number, hostname?: string): void {
    for (let peer = 0; peer < count; peer++) {
      const ofPeer = hostname ?? `198.51.100.${peer}`;
      this.peers.set(Symbol(), {
        peer: { hostname: ofPeer, listenPort: undefined },
      });
    }
  }

  answer(hostname: string): string[] {
    const address = { hostname, port: 6881 };
    this.peers.set(hostname, { peer: { hostname, listenPort: 6881 } });
    return this.apply({ type: "answered", address });
  }

  end(hostname: string, reason: ConnectionEnd): string[] {
    this.peers.delete(hostname);
    const address = { hostname, port: 6881 };
    return this.apply({ type: "ended", address, reason });
  }

  /** Lets time pass by ticks of a second; the seconds after which something was dialed. */
  tick(seconds: number): number[] {
    const dialed: number[] = [];
    for (let second = 1; second <= seconds; second++) {
      this.now += 1000;
      if (this.apply({ type: "tick" }).length > 0) dialed.push(second);
    }
    return dialed;
  }
}

function at(host: number): PeerAddress {
  return { hostname: `10.0.${host >> 8}.${host & 255}`, port: 6881 };
}

/** Dials that start while `connected` peers count and `slow` dials hang. */
const TARGETS: readonly [
  given: { maxPeers?: number; connected?: number; slow?: number },
  dials: number,
  why: string,
][] = [
  [{}, 2, "few at a time, so that inbound connections count"],
  [{ connected: 14 }, 1, "one is missing"],
  [{ connected: 15 }, 0, "enough, and room for inbound connections"],
  [{ slow: 2 }, 2, "slow dials hold up no other"],
  [{ slow: 16 }, 0, "too many hang"],
  [{ maxPeers: 1 }, 1, "one connection is dialed for if it is all there is"],
  [{ maxPeers: 10, connected: 3 }, 0, "a part of the connections"],
];

for (const [given, dials, why] of TARGETS) {
  Deno.test(`Dialer starts ${dials} dials with ${JSON.stringify(given)}: ${why}`, () => {
    const { maxPeers = MAX_PEERS, connected = 0, slow = 0 } = given;
    const desk = new DialDesk({ maxPeers });
    for (let count = 0; count < slow; count++) {
      const addresses = [at(1000 + count)];
      desk.apply({ type: "learnt", source: "tracker", addresses });
      desk.apply({ type: "slow", address: addresses[0]! });
    }
    desk.connect(connected);
    assertEquals(desk.learn(50).length, dials);
  });
}

Deno.test("Dialer dials on until the target is reached, counting dials that may be answered", () => {
  const desk = new DialDesk();
  let due = desk.learn(50);
  let dialCount = 0;
  while (due.length > 0) {
    dialCount++;
    due = [...due.slice(1), ...desk.answer(due[0]!)];
  }
  assertEquals([dialCount, desk.peers.size], [15, 15]);
});

Deno.test("Dialer counts a host's connections for half of the target at most", () => {
  const desk = new DialDesk();
  desk.connect(40, "192.0.2.1");
  assertEquals(desk.learn(50).length, 2);
  desk.connect(7);
  assertEquals(desk.end("10.0.0.1", "unanswered").length, 0);
});

Deno.test("Dialer leaves out addresses that are not one machine, not permitted or privileged", () => {
  const desk = new DialDesk({ permits: (hostname) => hostname !== "10.0.0.9" });
  const refused = [
    { hostname: "224.0.0.1", port: 6881 },
    { hostname: "tracker.example", port: 6881 },
    { hostname: "10.0.0.9", port: 6881 },
    { hostname: "10.0.0.8", port: 22 },
  ];
  for (const source of ["tracker", "exchange", "local"] as const) {
    const event = { type: "learnt", source, addresses: refused } as const;
    assertEquals(desk.apply(event), []);
  }
  assertEquals(
    desk.apply({ type: "learnt", source: "user", addresses: refused }),
    ["10.0.0.8"],
  );
});

const RESTS: readonly [reason: ConnectionEnd, restSeconds: number][] = [
  ["shortage", 1],
  ["unanswered", 2],
  ["refused", 2],
  ["lost", 3],
  ["idle", 5],
  ["overdue", 5],
  ["full", 30],
  ["protocol", 60],
  ["duplicate", 60],
  ["bothComplete", 600],
];

for (const [reason, restSeconds] of RESTS) {
  Deno.test(`Dialer rests an address for ${restSeconds} s after "${reason}"`, () => {
    const desk = new DialDesk();
    const [hostname] = desk.learn(1);
    assertEquals(desk.end(hostname!, reason), []);
    assertEquals(desk.tick(restSeconds + 1), [restSeconds]);
  });
}

for (const reason of ["ownPeerId", "banned"] as const) {
  Deno.test(`Dialer never dials an address again after "${reason}"`, () => {
    const desk = new DialDesk();
    const [hostname] = desk.learn(1);
    desk.answer(hostname!);
    assertEquals(desk.end(hostname!, reason), []);
    assertEquals(desk.tick(100_000), []);
    assertEquals(desk.learn(1), []);
  });
}

Deno.test("Dialer delays a host whose ports do not answer, and dials the others", () => {
  const desk = new DialDesk();
  const hostname = "192.0.2.1";
  const addresses = Array.from(
    { length: 40 },
    (_, index) => ({ hostname, port: 2000 + index }),
  );
  let due = desk.apply({ type: "learnt", source: "tracker", addresses });
  let dialCount = 0;
  // Each dial fails at once.
  for (let port = 2000; port < 2040; port++) {
    dialCount += due.length;
    const address = { hostname, port };
    due = desk.apply({ type: "ended", address, reason: "unanswered" });
  }
  assert(dialCount <= 10, `${dialCount}`);
  assertEquals(desk.learn(5).length > 0, true);
});

Deno.test("Dialer does not dial a peer that has connected to us, until it is gone", () => {
  const desk = new DialDesk();
  const { hostname, port } = at(1);
  desk.peers.set("inbound", { peer: { hostname, listenPort: port } });
  assertEquals(desk.learn(1), []);
  desk.peers.clear();
  assertEquals(desk.tick(40), [30]);
});

Deno.test("Dialer does not dial while there is no slot for the peer", () => {
  const desk = new DialDesk();
  desk.hasPlace = false;
  assertEquals(desk.learn(1), []);
  desk.hasPlace = true;
  assertEquals(desk.tick(40), [30]);
});

Deno.test("Dialer forgets on completion the addresses that are not in use", () => {
  const desk = new DialDesk();
  const [first, second] = desk.learn(50);
  desk.apply({ type: "completed" });
  desk.end(first!, "banned");
  desk.answer(second!);
  desk.end(second!, "lost");
  // The second is dialed again, and no other is left.
  assertEquals(desk.tick(60), [3]);
  assertEquals(desk.learn(50).length, 1);
});
