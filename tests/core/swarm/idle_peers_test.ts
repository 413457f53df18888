/**
 * Peers that move nothing give their connections to newcomers.
 */
import { assertEquals } from "@std/assert";
import { SwarmDesk } from "./swarm_desk.ts";

/** Five slots, taken by five hosts that are interested and request nothing. */
function idleDesk(): SwarmDesk {
  const desk = new SwarmDesk({ have: "##", maxPeers: 5 });
  for (const peer of [1, 2, 3, 4, 5]) {
    desk.join(peer);
    desk.signal(peer, "interested");
  }
  return desk;
}

Deno.test("Swarm gives the slot of a peer that moves nothing to a newcomer", () => {
  const desk = idleDesk();
  desk.pass(19_000);
  assertEquals(desk.join(6), ["6 disconnect full"]);
  desk.pass(1_000);
  assertEquals(desk.join(6)[0], "1 disconnect full");
  // We do not dial to replace one idle peer by another.
  assertEquals(desk.swarm.hasSlotFor("192.0.2.9", desk.now), false);
  // The host of an idle peer has no more right to a second connection.
  assertEquals(desk.join(7, { hostname: "192.0.2.2" }), ["7 disconnect full"]);
});

Deno.test("Swarm lets a peer stay that requests blocks or sends them", () => {
  const desk = new SwarmDesk({ have: "#.", maxPeers: 2 });
  for (const peer of [1, 2]) desk.join(peer);
  desk.signal(1, "interested");
  desk.bitfield(2, ".#");
  desk.signal(2, "unchoke");
  desk.pass(20_000);
  desk.request(1, "0.0");
  desk.apply({ type: "blockSent", peer: 1, length: 16_384 });
  desk.block(2, "1.0");
  assertEquals(desk.join(3), ["3 disconnect full"]);
});

Deno.test("Swarm lets a peer stay whose blocks wait for the upload limit", () => {
  const desk = new SwarmDesk({ have: "##", maxPeers: 1 });
  desk.join(1);
  desk.signal(1, "interested");
  desk.request(1, "0.0");
  desk.pass(30_000);
  assertEquals(desk.join(2), ["2 disconnect full"]);
  desk.apply({ type: "blockSent", peer: 1, length: 16_384 });
  desk.pass(10_000);
  assertEquals(desk.join(3)[0], "1 disconnect full");
});

Deno.test("Swarm gives a newcomer the slot of a host that reconnects and moves nothing", () => {
  const desk = idleDesk();
  // Every 15 s: no connection is ever 20 s old.
  desk.pass(15_000);
  for (const peer of [1, 2, 3, 4, 5]) {
    desk.leave(peer);
    desk.join(10 + peer, { hostname: `192.0.2.${peer}` });
    desk.signal(10 + peer, "interested");
  }
  desk.pass(4_000);
  assertEquals(desk.join(6), ["6 disconnect full"]);
  desk.pass(1_000);
  assertEquals(desk.join(6)[0], "11 disconnect full");
  // It comes back at once, and the slot of the newcomer is not for it.
  assertEquals(
    desk.join(21, { hostname: "192.0.2.1" })[0],
    "12 disconnect full",
  );
  for (const peer of [7, 8, 9]) desk.join(peer);
  // The returned host is idle too; after it, nobody is.
  assertEquals(desk.join(10)[0], "21 disconnect full");
  const returned = { hostname: "192.0.2.2" };
  assertEquals(desk.join(22, returned), ["22 disconnect full"]);
});

Deno.test("Swarm forgets that a host was idle once it moves content", () => {
  const desk = new SwarmDesk({ have: "##", maxPeers: 1 });
  const host = { hostname: "192.0.2.1" };
  desk.join(1, host);
  desk.pass(15_000);
  desk.leave(1);
  desk.join(2, host);
  desk.signal(2, "interested");
  for (const block of ["0.0", "0.1"]) {
    desk.request(2, block);
    desk.apply({ type: "blockSent", peer: 2, length: 16_384 });
  }
  desk.leave(2);
  desk.join(3, host);
  desk.signal(3, "interested");
  desk.pass(19_000);
  assertEquals(desk.join(4), ["4 disconnect full"]);
  desk.pass(1_000);
  assertEquals(desk.join(5)[0], "3 disconnect full");
});

Deno.test("Swarm gives the slot of a peer that requests and reads nothing to a newcomer", () => {
  let isStalled = false;
  const desk = new SwarmDesk({
    have: "##",
    maxPeers: 1,
    isStalled: (peer) => peer === 1 && isStalled,
  });
  desk.join(1);
  desk.signal(1, "interested");
  desk.request(1, "0.0");
  desk.pass(30_000);
  assertEquals(desk.join(2), ["2 disconnect full"]);
  isStalled = true;
  assertEquals(desk.join(3)[0], "1 disconnect full");
});

Deno.test("Swarm counts all addresses of a host as one", () => {
  const hostOf = (hostname: string): string => hostname.split("::")[0]!;
  const desk = new SwarmDesk({ have: ".", maxPeers: 4, hostOf });
  for (const peer of [1, 2, 3]) {
    desk.join(peer, { hostname: `2001:db8:0:1::${peer}` });
    desk.signal(peer, "keepAlive");
  }
  desk.join(4, { hostname: "2001:db8:0:2::1" });
  desk.signal(4, "keepAlive");
  const again = { hostname: "2001:db8:0:1::9" };
  assertEquals(desk.join(5, again), ["5 disconnect full"]);
  assertEquals(desk.swarm.hasSlotFor("2001:db8:0:1::a", desk.now), false);
  assertEquals(
    desk.join(6, { hostname: "2001:db8:0:3::1" }),
    ["3 disconnect full"],
  );
});
