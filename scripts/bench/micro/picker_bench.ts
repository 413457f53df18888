/**
 * The piece picker, from the first block of a torrent to the last.
 *
 * @module
 */
import { Bitfield } from "../../../lib/base/bitfield.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import { BLOCK_SIZE, Geometry } from "../../../lib/metainfo/geometry.ts";
import { PickingPeer, PiecePicker } from "../../../lib/swarm/piece_picker.ts";

const BLOCKS_PER_PIECE = 16;
const block = new Uint8Array(BLOCK_SIZE);

/** A leecher of a torrent, among peers that have all of it. */
function setUp(
  pieceCount: number,
  peerCount: number,
): { picker: PiecePicker; peers: PickingPeer[] } {
  const pieceLength = BLOCKS_PER_PIECE * BLOCK_SIZE;
  const geometry = new Geometry(pieceCount * pieceLength, pieceLength);
  const have = new Bitfield(pieceCount);
  const torrent = { geometry, have, traffic: { wasted: 0 } };
  const picker = new PiecePicker(torrent, seededRandom(1), () => false);
  const peers = Array.from({ length: peerCount }, (_, key) => {
    const peer = new PickingPeer(key, {
      pieces: Bitfield.full(pieceCount),
      requests: new Set(),
    });
    picker.add(peer);
    for (let index = 0; index < pieceCount; index++) picker.gained(peer, index);
    return peer;
  });
  return { picker, peers };
}

/** Requests a block of every peer in turn and delivers it, until all is there. */
function fetchAll(picker: PiecePicker, peers: readonly PickingPeer[]): void {
  for (let turn = 0;; turn++) {
    const peer = peers[turn % peers.length]!;
    const id = picker.pick(peer);
    if (id === undefined) return;
    picker.release(id);
    const piece = picker.receive(id, block, "192.0.2.1");
    if (piece === undefined) continue;
    picker.verified(piece);
  }
}

for (const [pieceCount, peerCount] of [[1000, 1], [1000, 50], [4000, 50]]) {
  const blockCount = pieceCount! * BLOCKS_PER_PIECE;
  Deno.bench(
    `PiecePicker: ${blockCount} blocks of ${pieceCount} pieces from ${peerCount} peers`,
    { group: "fetch" },
    (bench) => {
      const { picker, peers } = setUp(pieceCount!, peerCount!);
      bench.start();
      fetchAll(picker, peers);
      bench.end();
    },
  );
}

Deno.bench(
  "PiecePicker: a peer with 4000 pieces leaves and another joins among 50",
  { group: "join" },
  (bench) => {
    const { picker, peers: [peer] } = setUp(4000, 50);
    bench.start();
    picker.remove(peer!);
    const next = new PickingPeer(50, peer!);
    picker.add(next);
    for (let index = 0; index < 4000; index++) picker.gained(next, index);
    bench.end();
  },
);
