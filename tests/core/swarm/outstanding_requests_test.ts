import { assertEquals } from "@std/assert";
import { Orders } from "../../../lib/swarm/outstanding_requests.ts";
import { REQUEST_LIMITS } from "../../../lib/swarm/request_window.ts";
import { PeerState } from "../../../lib/swarm/peer_state.ts";
import { idOf } from "./swarm_desk.ts";

/** Peers that can be asked, drawn by how many blocks each has on order: `"3 0 12"`. */
function drawn(picture: string): { orders: Orders; peers: PeerState[] } {
  const orders = new Orders(REQUEST_LIMITS);
  const peers = picture.split(" ").map((count, key) => {
    const id = idOf(`a${key}`);
    const hostname = `192.0.2.${key}`;
    const introduction = { peer: key, id, hostname, isOutgoing: true };
    const peer = new PeerState(introduction, { pieceCount: 100 }, 0);
    peer.weAreInterested = true;
    peer.peerChokes = false;
    orders.review(peer);
    for (let id = 0; id < Number(count); id++) orders.add(peer, id);
    return peer;
  });
  return { orders, peers };
}

/** The peers that are ahead, as `^`. */
function ahead({ orders, peers }: ReturnType<typeof drawn>): string {
  return peers.map((peer) => orders.isAhead(peer) ? "^" : ".").join(" ");
}

const PICTURES: readonly [picture: string, ahead: string, why: string][] = [
  ["200", ".", "who is asked alone is asked for all"],
  ["0 0", ". .", "nothing is on order yet"],
  ["7 7 7", ". . .", "all alike"],
  ["100 100 100", ". . .", "all alike, and much"],
  ["15 0", ". .", "a little more is no matter"],
  ["16 0", "^ .", "8 more than the average of 8"],
  ["30 10 2", "^ . .", "16 more than the average of 14"],
  ["21 14 7", ". . .", "7 more than the average of 14"],
  ["50 50 0 0", "^ ^ . .", "two of four"],
];

for (const [picture, expected, why] of PICTURES) {
  Deno.test(`Orders are ahead at ${expected} of ${picture}: ${why}`, () => {
    assertEquals(ahead(drawn(picture)), expected);
  });
}

Deno.test("Orders compare only peers that can be asked", () => {
  const drawing = drawn("20 0 0 0");
  assertEquals(ahead(drawing), "^ . . .");
  for (const peer of drawing.peers.slice(1)) {
    peer.peerChokes = true;
    drawing.orders.review(peer);
  }
  assertEquals(ahead(drawing), ". . . .");
});

Deno.test("Orders with who keeps us waiting do not count, and count again once it delivers", () => {
  const drawing = drawn("90 12 0");
  const { orders, peers: [first, second] } = drawing;
  assertEquals(ahead(drawing), "^ . .");
  orders.setSnubbing(first!, true);
  assertEquals(ahead(drawing), ". . .");
  orders.delete(first!, 0);
  orders.setSnubbing(first!, false);
  assertEquals(ahead(drawing), "^ . .");
  orders.clear(first!);
  orders.add(second!, 12);
  assertEquals(ahead(drawing), ". ^ .");
});

Deno.test("Orders are forgotten with their peer", () => {
  const drawing = drawn("20 4 0 0");
  const { orders, peers } = drawing;
  for (const peer of peers.slice(1)) {
    orders.clear(peer);
    orders.peerLeft(peer);
  }
  assertEquals(ahead(drawing), ". . . .");
});
