import { assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom, shuffle } from "../../../lib/base/random.ts";
import { Peer } from "../../../lib/swarm/peer.ts";
import { PeerUpload } from "../../../lib/swarm/upload_order.ts";
import { chooseUnchoked, UPLOAD_TURN_MS } from "../../../lib/swarm/uploads.ts";
import { idOf } from "./swarm_desk.ts";

const NOW = 100_000;

function uploadTo(
  state: Pick<PeerUpload, "weChoke" | "peerIsInterested" | "unchokedAt">,
): PeerUpload {
  const introduction = { peer: 1, id: idOf("a1"), hostname: "192.0.2.1" };
  const options = { now: 0, host: "", idleMs: 0, pieceCount: 0 };
  const peer = new Peer({ ...introduction, isOutgoing: false }, options);
  return Object.assign(new PeerUpload(peer, 0), state);
}

/**
 * Peers, one a word: `i` is interested, `u` unchoked, and the number is the seconds
 * since its last turn began; none if it had none. `"iu5 i - u"`.
 */
function peersOf(picture: string): PeerUpload[] {
  return picture.split(" ").map((word) => {
    const seconds = /\d+/.exec(word)?.[0];
    return uploadTo({
      peerIsInterested: word.includes("i"),
      weChoke: !word.includes("u"),
      unchokedAt: seconds === undefined ? 0 : NOW - Number(seconds) * 1000,
    });
  });
}

/** The places in the picture of the peers to unchoke. */
function chosen(picture: string, slots: number): number[] {
  const peers = peersOf(picture);
  const unchoked = chooseUnchoked(peers, { now: NOW, slots });
  return [...unchoked].map((peer) => peers.indexOf(peer)).sort();
}

const PICTURES: readonly [
  picture: string,
  slots: number,
  chosen: number[],
  why: string,
][] = [
  ["i i i", 4, [0, 1, 2], "every interested peer is served"],
  ["i - i", 4, [0, 2], "a peer that is not interested is not unchoked"],
  ["u5 i", 4, [0, 1], "an unchoked peer that is not interested stays unchoked"],
  [
    "u5 iu5 i",
    2,
    [0, 1, 2],
    "peers that are not interested take no slot while none waits",
  ],
  ["iu5 i i", 2, [0, 1], "a turn is not cut short"],
  ["iu25 iu5 i", 2, [1, 2], "a turn that is over gives up its slot"],
  ["iu25 iu30", 2, [0, 1], "turns go on while no peer waits"],
  ["iu30 i80 i40", 2, [1, 2], "the longest wait is first"],
  ["i40 i i80", 1, [1], "a peer that never had a turn waits longest"],
  [
    "iu1 iu2 u3 i",
    2,
    [0, 1],
    "peers that are not interested give up their slots",
  ],
  [
    "iu90 i80",
    1,
    [1],
    "the peer served longest gives up its slot, not one that waits",
  ],
  [
    "iu90 iu25 i80",
    2,
    [1, 2],
    "the peer served longest gives up its slot first",
  ],
  ["iu1 iu2 iu3", 2, [0, 1], "no more than the slots, should they shrink"],
];

for (const [picture, slots, expected, why] of PICTURES) {
  Deno.test(`chooseUnchoked() gives ${slots} slots to ${picture}: ${why}`, () => {
    assertEquals(chosen(picture, slots), expected);
  });
}

Deno.test("chooseUnchoked() chooses none of no peers", () => {
  assertEquals(chooseUnchoked([], { now: NOW, slots: 4 }).size, 0);
});

for (const slots of [1, 3, 7, 9]) {
  Deno.test(`chooseUnchoked() gives ten peers as many turns at ${slots} slots (seed 1)`, () => {
    const random = seededRandom(1);
    const peers = Array.from(
      { length: 10 },
      () => uploadTo({ peerIsInterested: true, weChoke: true, unchokedAt: 0 }),
    );
    const turns = new Map<PeerUpload, number>();
    for (let round = 1; round <= 100; round++) {
      const now = round * UPLOAD_TURN_MS;
      const unchoked = chooseUnchoked(shuffle(peers, random), { now, slots });
      assertEquals(unchoked.size, slots);
      for (const peer of peers) {
        const isChosen = unchoked.has(peer);
        if (isChosen && peer.weChoke) peer.unchokedAt = now;
        if (isChosen) turns.set(peer, (turns.get(peer) ?? 0) + 1);
        peer.weChoke = !isChosen;
      }
    }
    for (const peer of peers) {
      assertAlmostEquals(turns.get(peer) ?? 0, slots * 10, 10);
    }
  });
}
