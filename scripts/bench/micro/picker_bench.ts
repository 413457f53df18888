/**
 * The piece picker, from the first block of a torrent to the last.
 *
 * @module
 */
import { Bitfield } from "../../../lib/base/bitfield.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import { BLOCK_SIZE, Geometry } from "../../../lib/metainfo/geometry.ts";
import {
  type PickingPeer,
  PiecePicker,
} from "../../../lib/swarm/piece_picker.ts";

const BLOCKS_PER_PIECE = 16;
const block = new Uint8Array(BLOCK_SIZE);

/** A peer to pick for. */
interface Peer extends PickingPeer {
  readonly hostname: string;
  readonly outstanding: Set<number>;
}

/** A leecher among seeders. */
function setUp(
  pieceCount: number,
  peerCount: number,
): { picker: PiecePicker; peers: Peer[] } {
  const pieceLength = BLOCKS_PER_PIECE * BLOCK_SIZE;
  const roster = new Map<number, Peer>();
  const picker = new PiecePicker(
    new Geometry(pieceCount * pieceLength, pieceLength),
    {
      peers: roster,
      have: new Bitfield(pieceCount),
      random: seededRandom(1),
      isSuspect: () => false,
    },
  );
  for (let key = 0; key < peerCount; key++) {
    const peer: Peer = {
      key,
      hostname: `192.0.2.${key}`,
      pieces: Bitfield.full(pieceCount),
      waitingCount: 0,
      isSeeder: false,
      outstanding: new Set(),
    };
    roster.set(key, peer);
    for (let index = 0; index < pieceCount; index++) picker.gained(peer, index);
  }
  return { picker, peers: [...roster.values()] };
}

/** Requests blocks from every peer in turn until all are complete. */
function fetchAll(picker: PiecePicker, peers: readonly Peer[]): void {
  for (let turn = 0;; turn++) {
    const peer = peers[turn % peers.length]!;
    const id = picker.pick(peer);
    if (id === undefined) return;
    picker.release(id);
    const piece = picker.receive(id, block, peer);
    if (piece === undefined) continue;
    picker.verified(piece.index);
    picker.recycle(piece.bytes);
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
  "PiecePicker: a peer with 4000 pieces comes and goes among 50",
  { group: "roster" },
  (bench) => {
    const { picker, peers: [peer] } = setUp(4000, 50);
    bench.start();
    picker.left(peer!);
    peer!.waitingCount = 0;
    for (let index = 0; index < 4000; index++) picker.gained(peer!, index);
    bench.end();
  },
);
