/**
 * The fast extension and the extension protocol on plain sockets.
 * [BEP 6, 10, 11]
 */
import { assert, assertEquals } from "@std/assert";
import { ALLOWED_FAST_COUNT } from "../../lib/metainfo/allowed_fast_set.ts";
import { UPLOAD_SLOTS } from "../../lib/swarm/uploads.ts";
import {
  EXTENSION_BITS,
  type Frame,
  frame,
  handshake,
  joined,
  peerIdOf,
  RawPeer,
  uint32,
} from "./raw_peer.ts";
import { latin1 } from "../core/bencode/bytes.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import { addressOf, openLocalSession, Share } from "./share.ts";
import {
  assertServed,
  BLOCK,
  connect,
  ID,
  INTERESTED,
  PIECE,
  SAMPLE,
  Scene,
  UNCHOKE,
} from "./wire_scene.ts";

/** Metadata of two pieces: 1,000 hashes and some bytes. */
const MANY_PIECES = await memoryTorrent({
  length: 1_000 * 16_384,
  pieceLength: 16_384,
});

/** The reserved bytes of a peer that speaks the fast extension alone. */
const FAST_BITS = [0, 0, 0, 0, 0, 0, 0, 0x04];

/** The first frames that a peer receives. */
async function firstFrames(peer: RawPeer, count: number): Promise<Frame[]> {
  const frames: Frame[] = [];
  while (frames.length < count) frames.push((await peer.takeFrame())!);
  return frames;
}

Deno.test("a session sends an extended handshake behind its bitfield", async () => {
  await using scene = await Scene.open();
  using peer = await connect(scene.session, 1, EXTENSION_BITS);
  const [bitfield, extended] = await firstFrames(peer, 2);
  assertEquals(bitfield, {
    id: ID.bitfield,
    payload: new Uint8Array([0b1111_1000, 0]),
  });
  assertEquals(extended?.id, ID.extended);
  assertEquals(extended?.payload[0], 0);
  const text = new TextDecoder("latin1").decode(extended?.payload.subarray(1));
  assertEquals(
    text.replace(/v\d+:lanswarm\/[\d.]+6/, "v6"),
    `d10:ls_requesti262144e1:md11:ut_metadatai2e6:ut_pexi1ee13:metadata_sizei${SAMPLE.torrent.info.length}e` +
      "4:reqqi2000e1:v6:yourip4:\x7f\0\0\x01e",
  );
  await assertServed(peer);
});

Deno.test("a session sends a choked peer the metadata, in pieces of 16 KiB, and no more than twice", async () => {
  const { infoHash, info } = MANY_PIECES.torrent;
  await using session = openLocalSession();
  await Share.start(session, MANY_PIECES, fullStorage(MANY_PIECES));
  using peer = await RawPeer.dial(addressOf(session));
  const takesMetadata = frame(20, [0], latin1("d1:md11:ut_metadatai7eee"));
  const ask = (piece: number): Uint8Array =>
    frame(20, [2], latin1(`d8:msg_typei0e5:piecei${piece}ee`));
  await peer.write(handshake(infoHash, peerIdOf(1), EXTENSION_BITS));
  await peer.takeHandshake();
  const requests = [ask(0), ask(1), ask(2), ask(0), ask(1), ask(0)];
  await peer.write(takesMetadata, ...requests);
  const answers: string[] = [];
  const received: Uint8Array[] = [];
  while (answers.length < requests.length) {
    const payload = (await peer.takeFrameOf(ID.extended))!;
    if (payload[0] !== 7) continue;
    const text = new TextDecoder("latin1").decode(payload);
    const header =
      /^.d8:msg_typei\de5:piecei\de(10:total_sizei\d+e)?e/.exec(text)![0];
    answers.push(header.slice(1));
    received.push(payload.subarray(header.length));
  }
  const data = (piece: number): string =>
    `d8:msg_typei1e5:piecei${piece}e10:total_sizei${info.length}ee`;
  // Small messages overtake large ones. Of two pieces each copy; piece 2 does not exist.
  assertEquals(answers, [
    "d8:msg_typei2e5:piecei2ee",
    "d8:msg_typei2e5:piecei0ee",
    ...[data(0), data(1), data(0), data(1)],
  ]);
  assertEquals(joined(received[2]!, received[3]!), info);
  assertEquals(received[2]!.length, 16_384);
});

Deno.test("a session rejects a request that it does not serve", async () => {
  await using scene = await Scene.open();
  using peer = await connect(scene.session, 1, FAST_BITS);
  const [choked, missing] = [uint32(0, 0, BLOCK), uint32(7, 0, BLOCK)];
  await peer.write(frame(ID.request, choked));
  assertEquals(await peer.takeFrameOf(ID.reject), choked);
  await peer.write(INTERESTED, frame(ID.request, missing));
  assertEquals(await peer.takeFrameOf(ID.reject), missing);
  await assertServed(peer);
});

Deno.test("a session requests a rejected block from another peer", async () => {
  await using scene = await Scene.open();
  const haveSeven = frame(ID.bitfield, [0x01, 0]);
  using first = await connect(scene.session, 1, FAST_BITS);
  await first.write(haveSeven, UNCHOKE);
  const asked = (await first.takeFrameOf(ID.request))!;
  using second = await connect(scene.session, 2, FAST_BITS);
  await second.write(haveSeven, UNCHOKE);
  const answered = (await second.takeFrameOf(ID.request))!;
  await first.write(frame(ID.reject, asked));
  // Its request window is full; a block makes room.
  const place = answered.subarray(0, 8);
  const start = 7 * PIECE + new DataView(place.slice().buffer).getUint32(4);
  const block = SAMPLE.content.subarray(start, start + BLOCK);
  await second.write(frame(ID.piece, place, block));
  for (;;) {
    const other = await second.takeFrameOf(ID.request);
    assert(other !== undefined, "the connection is closed");
    if (`${other}` === `${asked}`) break;
  }
});

Deno.test("a session without a free upload slot offers allowed-fast pieces and serves them", async () => {
  await using scene = await Scene.open({ maxPeers: 2 * UPLOAD_SLOTS });
  using others = new DisposableStack();
  // The proper peer is not interested yet.
  for (let count = 0; count < UPLOAD_SLOTS; count++) {
    const other = others.use(await connect(scene.session, count + 2));
    await other.write(INTERESTED);
    await other.takeFrameOf(ID.unchoke);
  }
  using peer = await connect(scene.session, 1, FAST_BITS);
  await peer.write(INTERESTED);
  const offered: number[] = [];
  while (offered.length < ALLOWED_FAST_COUNT) {
    const index = (await peer.takeFrameOf(ID.allowedFast))!;
    offered.push(new DataView(index.buffer, index.byteOffset).getUint32(0));
  }
  // The session has some of the offered pieces.
  const index = offered.find((piece) => piece < 5)!;
  const range = uint32(index, BLOCK, 100);
  await peer.write(frame(ID.request, range));
  const start = index * PIECE + BLOCK;
  assertEquals(
    await peer.takeFrameOf(ID.piece),
    joined(uint32(index, BLOCK), SAMPLE.content.subarray(start, start + 100)),
  );
});
