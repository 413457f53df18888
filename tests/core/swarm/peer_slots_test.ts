import { assertEquals } from "@std/assert";
import {
  IDLE_TIMEOUT_MS,
  KEEP_ALIVE_INTERVAL,
} from "../../../lib/swarm/peer.ts";
import { SwarmDesk } from "./swarm_desk.ts";

Deno.test("Swarm sends its bitfield first, or nothing if it has no piece", () => {
  assertEquals(new SwarmDesk({ have: "#.#" }).join(1), ["1 < bitfield 160"]);
  assertEquals(new SwarmDesk({ have: "..." }).join(1), []);
});

Deno.test("Swarm refuses itself", () => {
  const desk = new SwarmDesk({ have: "#" });
  assertEquals(desk.join(1, { id: "50" }), ["1 disconnect ownPeerId"]);
  assertEquals(desk.swarm.peers.size, 0);
});

Deno.test("Swarm refuses a peer when every slot is taken", () => {
  const desk = new SwarmDesk({ have: ".", maxPeers: 2 });
  desk.join(1);
  desk.join(2);
  assertEquals(desk.swarm.hasSlotFor("192.0.2.3", desk.now), false);
  assertEquals(desk.join(3), ["3 disconnect full"]);
  desk.leave(1);
  assertEquals(desk.join(4), []);
});

const HOST = "192.0.2.7";

/** Our id starts with 50; `loser` is the one of connections 1 and 2 that is closed. */
const TWINS: readonly {
  name: string;
  id: string;
  isOutgoing: [first: boolean, second: boolean];
  loser: number;
}[] = [
  {
    name: "a peer with a lesser id dials us after we dialed it",
    id: "10",
    isOutgoing: [true, false],
    loser: 2,
  },
  {
    name: "we dial a peer with a lesser id after it dialed us",
    id: "10",
    isOutgoing: [false, true],
    loser: 1,
  },
  {
    name: "a peer with a greater id dials us after we dialed it",
    id: "90",
    isOutgoing: [true, false],
    loser: 1,
  },
  {
    name: "we dial a peer with a greater id after it dialed us",
    id: "90",
    isOutgoing: [false, true],
    loser: 2,
  },
  {
    name: "a peer dials us twice",
    id: "90",
    isOutgoing: [false, false],
    loser: 2,
  },
  {
    name: "we dial a peer twice",
    id: "10",
    isOutgoing: [true, true],
    loser: 2,
  },
];

for (const { name, id, isOutgoing, loser } of TWINS) {
  Deno.test(`Swarm keeps one connection with a peer: ${name}`, () => {
    const desk = new SwarmDesk({ have: "." });
    desk.join(1, { id, hostname: HOST, isOutgoing: isOutgoing[0] });
    const lines = desk.join(2, {
      id,
      hostname: HOST,
      isOutgoing: isOutgoing[1],
    });
    assertEquals(lines, [`${loser} disconnect duplicate`]);
    assertEquals([...desk.swarm.peers.keys()], [3 - loser]);
  });
}

Deno.test("two swarms agree on which of two connections stays", () => {
  for (const id of ["10", "90"]) {
    const kept = [true, false].map((isFirstOutgoing) => {
      const desk = new SwarmDesk({ have: "." });
      const twin = { id, hostname: HOST };
      desk.join(isFirstOutgoing ? 1 : 2, {
        ...twin,
        isOutgoing: isFirstOutgoing,
      });
      desk.join(isFirstOutgoing ? 2 : 1, {
        ...twin,
        isOutgoing: !isFirstOutgoing,
      });
      return [...desk.swarm.peers.keys()];
    });
    assertEquals(kept[0], kept[1], "the order of arrival does not matter");
  }
});

Deno.test("Swarm without a free slot still replaces one connection with a peer by another", () => {
  const desk = new SwarmDesk({ have: ".", maxPeers: 1 });
  const twin = { id: "90", hostname: HOST };
  desk.join(1, { ...twin, isOutgoing: true });
  assertEquals(desk.join(2, twin), ["1 disconnect duplicate"]);
  assertEquals(desk.swarm.peers.size, 1);
});

Deno.test("Swarm gives no peer of another host a peer's slot for its id", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1, { id: "90", hostname: "192.0.2.66" });
  const dialed = { id: "90", hostname: HOST, isOutgoing: true };
  assertEquals(desk.join(2, dialed), []);
  assertEquals(desk.swarm.peers.size, 2);
});

Deno.test("Swarm keeps two peers of one host", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1, { hostname: "192.0.2.7" });
  assertEquals(desk.join(2, { hostname: "192.0.2.7" }), []);
  assertEquals(desk.swarm.peers.size, 2);
});

Deno.test("Swarm sends a keep-alive when it has sent nothing for long, and only then", () => {
  const desk = new SwarmDesk({ have: "#" });
  desk.join(1);
  const receive = (): unknown => desk.signal(1, "keepAlive");
  assertEquals(desk.pass(KEEP_ALIVE_INTERVAL - 1000), []);
  receive();
  assertEquals(desk.pass(1000), ["1 < keepAlive"]);
  assertEquals(desk.pass(KEEP_ALIVE_INTERVAL / 2), []);
  desk.signal(1, "interested"); // answered by an unchoke
  assertEquals(desk.pass(KEEP_ALIVE_INTERVAL - 1000), []);
  assertEquals(desk.pass(1000), ["1 < keepAlive"]);
});

Deno.test("Swarm drops a peer that is silent for too long", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1);
  desk.join(2);
  desk.pass(IDLE_TIMEOUT_MS - 1000);
  desk.signal(2, "keepAlive");
  const lines = desk.pass(1000);
  assertEquals(lines, ["1 disconnect idle"]);
  assertEquals([...desk.swarm.peers.keys()], [2]);
});

Deno.test("Swarm ignores events of unknown peers and of pieces that await no hash check", () => {
  const desk = new SwarmDesk({ have: "." });
  assertEquals(desk.leave(9), []);
  assertEquals(desk.signal(9, "interested"), []);
  assertEquals(desk.apply({ type: "blockSent", peer: 9, length: 5 }), []);
  assertEquals(desk.verified(0), []);
  assertEquals(desk.corrupt(0), []);
  assertEquals(desk.swarm.have.count, 0);
});

Deno.test("Swarm forgets a peer that it disconnects", () => {
  const desk = new SwarmDesk({ have: "#" });
  desk.join(1);
  desk.have(1, 5);
  assertEquals(desk.leave(1), []);
  assertEquals(desk.signal(1, "interested"), []);
});

Deno.test("Swarm of a torrent without content sends nothing and disconnects seeds", () => {
  const desk = new SwarmDesk({ have: "" });
  assertEquals(desk.join(1), []);
  assertEquals(desk.bitfield(1, ""), ["1 disconnect bothComplete"]);
  assertEquals(desk.pass(3000), []);
});

/** Six slots, four of them taken by one host. */
function crowdedDesk(): SwarmDesk {
  const desk = new SwarmDesk({ have: "#.", maxPeers: 6 });
  for (const peer of [1, 2]) desk.join(peer);
  for (const peer of [11, 12, 13, 14]) desk.join(peer, { hostname: HOST });
  for (const peer of desk.swarm.peers.keys()) desk.signal(peer, "keepAlive");
  return desk;
}

Deno.test("Swarm evicts a peer of a host with many connections for a host with fewer", () => {
  const desk = crowdedDesk();
  // The youngest, because none of them moves anything.
  assertEquals(desk.join(3), [
    "14 disconnect full",
    "3 < bitfield 128",
  ]);
  assertEquals(desk.join(4)[0], "13 disconnect full");
  // The host has two now: another would not have fewer.
  assertEquals(desk.join(5)[0], "12 disconnect full");
  assertEquals(desk.join(6), ["6 disconnect full"]);
  assertEquals(desk.swarm.peers.size, 6);
});

Deno.test("Swarm evicts the connection that moves least", () => {
  const desk = crowdedDesk();
  for (const peer of [12, 13, 14]) {
    desk.bitfield(peer, ".#");
    desk.signal(peer, "unchoke");
    desk.block(peer, "1.0");
  }
  assertEquals(desk.join(3)[0], "11 disconnect full");
});

Deno.test("Swarm gives a host with many connections no slot when none is free", () => {
  const desk = crowdedDesk();
  assertEquals(desk.join(15, { hostname: HOST }), ["15 disconnect full"]);
  assertEquals(desk.swarm.hasSlotFor(HOST, desk.now), false);
  assertEquals(desk.swarm.hasSlotFor("192.0.2.3", desk.now), true);
  // Another host's second connection: it would have two, and the crowd three.
  assertEquals(
    desk.join(16, { hostname: "192.0.2.1" })[0],
    "14 disconnect full",
  );
});

Deno.test("Swarm gives all its slots to one host while no other asks for one", () => {
  const desk = new SwarmDesk({ have: ".", maxPeers: 6 });
  for (let peer = 1; peer <= 6; peer++) desk.join(peer, { hostname: HOST });
  assertEquals(desk.swarm.peers.size, 6);
});

Deno.test("Swarm evicts the oldest peer that sent nothing after its handshake", () => {
  const desk = new SwarmDesk({ have: ".", maxPeers: 3 });
  for (const peer of [1, 2, 3]) desk.join(peer, { hostname: HOST });
  desk.signal(1, "keepAlive");
  assertEquals(desk.pass(4_000), []);
  const another = { hostname: HOST };
  assertEquals(desk.join(4, another), ["4 disconnect full"]);
  desk.pass(1_000);
  assertEquals(desk.join(5, another), ["2 disconnect full"]);
  assertEquals(desk.join(6, another), ["3 disconnect full"]);
  assertEquals(desk.join(7, another), ["7 disconnect full"]);
});
