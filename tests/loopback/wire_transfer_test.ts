/**
 * Downloads and uploads over plain sockets, however the bytes are split and
 * whatever comes between them.
 */
import { assert, assertEquals, assertLess } from "@std/assert";
import { delay } from "@std/async/delay";
import { MemoryStorage } from "../../lib/mod.ts";
import { type MemoryTorrent, memoryTorrent } from "./memory_torrent.ts";
import {
  frame,
  handshake,
  joined,
  peerIdOf,
  RawPeer,
  uint32,
} from "./raw_peer.ts";
import { addressOf, contentOf, openLocalSession, Share } from "./share.ts";
import {
  assertServed,
  BLOCK,
  connect,
  ID,
  INFO_HASH,
  INTERESTED,
  KEEP_ALIVE,
  KIB,
  PIECE,
  SAMPLE,
  Scene,
  UNCHOKE,
} from "./wire_scene.ts";

Deno.test("a session serves many requests in one write", async () => {
  await using scene = await Scene.open();
  using peer = await RawPeer.dial(scene.address);
  const offsets = Array.from({ length: 64 }, (_, at) => at * BLOCK);
  await peer.write(
    handshake(INFO_HASH, peerIdOf(1)),
    KEEP_ALIVE,
    frame(ID.bitfield, [0, 0]),
    INTERESTED,
    ...offsets.flatMap((at) => [
      frame(ID.request, uint32(Math.floor(at / PIECE), at % PIECE, BLOCK)),
      frame(77, [1, 2, 3]),
    ]),
  );
  await peer.takeHandshake();
  for (const at of offsets) {
    const payload = await peer.takeFrameOf(ID.piece);
    assertEquals(
      payload?.subarray(0, 8),
      uint32(Math.floor(at / PIECE), at % PIECE),
    );
    assertEquals(payload?.[9], SAMPLE.content[at + 1]);
    assertEquals(payload?.length, 8 + BLOCK);
  }
});

Deno.test("a session serves a request of 256 KiB, and the short end of the last piece", async () => {
  const whole = await memoryTorrent({ length: PIECE + 9, pieceLength: PIECE });
  await using session = openLocalSession();
  await Share.start(session, whole, new MemoryStorage(whole.content.slice()));
  using peer = await RawPeer.dial(addressOf(session));
  await peer.write(
    handshake(whole.torrent.infoHash, peerIdOf(1)),
    INTERESTED,
    frame(ID.request, uint32(0, 0, 256 * KIB)),
    frame(ID.request, uint32(1, 3, 6)),
  );
  await peer.takeHandshake();
  const long = await peer.takeFrameOf(ID.piece);
  assertEquals(
    [long?.length, long?.at(-1)],
    [8 + 256 * KIB, whole.content[PIECE - 1]],
  );
  const short = await peer.takeFrameOf(ID.piece);
  assertEquals(
    short,
    joined(uint32(1, 3), whole.content.subarray(PIECE + 3)),
  );
});

Deno.test("a session does not send a block that is cancelled while it waits", async () => {
  await using scene = await Scene.open();
  using peer = await connect(scene.session, 1);
  // 1.25 MiB: a mebibyte is in flight before the cancel is read.
  const asked = Array.from(
    { length: 80 },
    (_, at) => uint32(at >> 4, (at & 15) * BLOCK, BLOCK),
  );
  const cancelled = [70, 79];
  await peer.write(
    INTERESTED,
    ...asked.map((range) => frame(ID.request, range)),
    ...cancelled.map((at) => frame(ID.cancel, asked[at]!)),
  );
  const sent: Uint8Array[] = [];
  while (sent.length < asked.length - cancelled.length) {
    sent.push((await peer.takeFrameOf(ID.piece))!.slice(0, 8));
  }
  const expected = asked.filter((_, at) => !cancelled.includes(at))
    .map((range) => range.slice(0, 8));
  assertEquals(sent, expected);
  // It does not come late either: the next block is the next request's.
  await assertServed(peer);
});

/** A torrent small enough to send byte by byte: three blocks in two pieces. */
const SMALL: MemoryTorrent = await memoryTorrent({
  length: 1_100,
  pieceLength: 600,
});

/** All bytes that a seeder of {@linkcode SMALL} sends, for requests in any order. */
function smallSeeder(idByte: number): Uint8Array {
  const { content, torrent } = SMALL;
  return joined(
    handshake(torrent.infoHash, peerIdOf(idByte)),
    frame(ID.bitfield, [0b1100_0000]),
    KEEP_ALIVE,
    UNCHOKE,
    frame(99, [1, 2, 3]),
    frame(ID.piece, uint32(0, 0), content.subarray(0, 600)),
    frame(ID.piece, uint32(1, 0), content.subarray(600)),
  );
}

Deno.test("a download is right if every byte comes alone", async () => {
  await using session = openLocalSession();
  const share = await Share.start(session, SMALL);
  using seeder = await RawPeer.dial(addressOf(session));
  const bytes = smallSeeder(1);
  const beforePieces = bytes.length - (1_100 + 2 * 13);
  for (let at = 0; at < bytes.length; at++) {
    // A block that is not requested yet would be dropped.
    if (at === beforePieces) {
      await seeder.takeHandshake();
      await seeder.takeFrameOf(ID.request);
      await seeder.takeFrameOf(ID.request);
    }
    await seeder.write(bytes.subarray(at, at + 1));
  }
  await share.first("completed");
  assertEquals(await contentOf(share.storage, SMALL), SMALL.content);
});

Deno.test("a download is right wherever the stream is split in two", async () => {
  const bytes = smallSeeder(1);
  const beforePieces = bytes.length - (1_100 + 2 * 13);
  // At every byte before the blocks, and around their headers and ends.
  const pieces = [0, 1, 4, 5, 12, 13, 14, 612, 613, 614, 626, 1_125];
  const cuts = [
    ...Array.from({ length: beforePieces }, (_, at) => at),
    ...pieces.map((offset) => beforePieces + offset),
  ];
  await Promise.all(cuts.map(async (cut) => {
    await using session = openLocalSession();
    const share = await Share.start(session, SMALL);
    using seeder = await RawPeer.dial(addressOf(session));
    const first = Math.min(cut, beforePieces);
    await seeder.write(bytes.subarray(0, first));
    await delay(5);
    await seeder.write(bytes.subarray(first, beforePieces));
    await seeder.takeHandshake();
    await seeder.takeFrameOf(ID.request);
    await seeder.takeFrameOf(ID.request);
    const second = Math.max(cut, beforePieces);
    await seeder.write(bytes.subarray(beforePieces, second));
    await delay(5);
    await seeder.write(bytes.subarray(second));
    await share.first("completed");
    assertEquals(await contentOf(share.storage, SMALL), SMALL.content);
  }));
});

Deno.test("an upload is right if every byte of the requests comes alone", async () => {
  await using scene = await Scene.open();
  using peer = await RawPeer.dial(scene.address);
  const bytes = joined(
    handshake(INFO_HASH, peerIdOf(1)),
    frame(ID.bitfield, [0, 0]),
    KEEP_ALIVE,
    INTERESTED,
    frame(ID.request, uint32(2, 5, 50)),
    frame(ID.request, uint32(4, PIECE - 7, 7)),
  );
  for (const byte of bytes) await peer.write([byte]);
  await peer.takeHandshake();
  for (const [index, offset, length] of [[2, 5, 50], [4, PIECE - 7, 7]]) {
    const start = index! * PIECE + offset!;
    assertEquals(
      await peer.takeFrameOf(ID.piece),
      joined(
        uint32(index!, offset!),
        SAMPLE.content.subarray(start, start + length!),
      ),
    );
  }
});

Deno.test("a session closes a connection for a block of another length than requested", async () => {
  await using scene = await Scene.open();
  using peer = await connect(scene.session, 1);
  await peer.write(frame(ID.bitfield, [0xff, 0xc0]), UNCHOKE);
  const asked = (await peer.takeFrameOf(ID.request))!;
  await peer.write(frame(ID.piece, asked.subarray(0, 8), new Uint8Array(5)));
  await peer.closed();
  await scene.assertUnharmed();
});

Deno.test("a session requests the blocks of a peer that leaves from another", async () => {
  await using scene = await Scene.open();
  const haveSeven = frame(ID.bitfield, [0x01, 0]);
  let asked: Uint8Array;
  {
    using first = await connect(scene.session, 1);
    await first.write(haveSeven, UNCHOKE);
    asked = (await first.takeFrameOf(ID.request))!;
  }
  using second = await connect(scene.session, 2);
  await second.write(haveSeven, UNCHOKE);
  assertEquals(await second.takeFrameOf(ID.request), asked);
});

Deno.test("a session announces a piece that it got to every peer", async () => {
  const { torrent, content } = SMALL;
  await using session = openLocalSession();
  await Share.start(session, SMALL);
  using seeder = await RawPeer.dial(addressOf(session));
  using leecher = await RawPeer.dial(addressOf(session));
  await leecher.write(handshake(torrent.infoHash, peerIdOf(2)));
  await leecher.takeHandshake();
  await seeder.write(
    handshake(torrent.infoHash, peerIdOf(1)),
    frame(ID.bitfield, [0xc0]),
    UNCHOKE,
  );
  await seeder.takeHandshake();
  await seeder.takeFrameOf(ID.request);
  await seeder.takeFrameOf(ID.request);
  await seeder.write(
    frame(ID.piece, uint32(1, 0), content.subarray(600)),
  );
  assertEquals(await leecher.takeFrameOf(ID.have), uint32(1));
  assertEquals(await seeder.takeFrameOf(ID.have), uint32(1));
});

Deno.test("a block that was not requested is counted as wasted and changes nothing", async () => {
  await using scene = await Scene.open();
  using peer = await connect(scene.session, 1);
  const wrong = new Uint8Array(BLOCK).fill(1);
  for (let count = 0; count < 16; count++) {
    await peer.write(frame(ID.piece, uint32(0, count * BLOCK), wrong));
  }
  await assertServed(peer);
  const { wastedBytes, verifiedPieceCount } = scene.share.transfer.snapshot();
  assertEquals([wastedBytes, verifiedPieceCount], [PIECE, 5]);
  const stored = await contentOf(scene.share.storage, SAMPLE);
  assert(
    stored.subarray(0, PIECE).every((byte, at) => byte === SAMPLE.content[at]),
  );
  assertLess(scene.share.count("pieceCorrupt"), 1);
});
