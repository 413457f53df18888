/**
 * Seeders that send wrong blocks, late ones or none, among them some that announce
 * pieces they lack, against a session that downloads: it gets the right content soon,
 * and bans the right host.
 */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { delay } from "@std/async/delay";
import { memoryTorrent } from "./memory_torrent.ts";
import { pause } from "../../lib/peer/pacer.ts";
import { EXTENSION_BITS, frame, uint32 } from "./raw_peer.ts";
import { type Answer, RawSeeder } from "./raw_seeder.ts";
import { report } from "../report.ts";
import { assertWhole, openLocalSession, Share, timed } from "./share.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const ID = { piece: 7, reject: 16 } as const;

/** A busy machine needs some of it; a stall took minutes. */
const LONGEST_MS = 120_000;

/** One piece of 64 blocks, requested from all seeders. */
const ONE_PIECE = await memoryTorrent({
  name: "one piece",
  length: MIB,
  pieceLength: MIB,
});

/** 40 pieces. */
const MANY_PIECES = await memoryTorrent({
  name: "many pieces",
  length: 10 * MIB + 1234,
  pieceLength: 256 * KIB,
});

/** Only Linux has every address of 127.0.0.0/8 without setup. */
const lacksAddresses = Deno.build.os !== "linux";

Deno.test({
  name:
    "a host that sent one wrong block of a piece from four seeders is found and banned",
  ignore: lacksAddresses,
  fn: async () => {
    await using seeders = new AsyncDisposableStack();
    const opened: RawSeeder[] = [];
    const open = (number: number, isWrong?: () => boolean): RawSeeder => {
      const seeder = seeders.use(
        new RawSeeder({
          sample: ONE_PIECE,
          hostname: `127.0.0.${number}`,
          idByte: number,
          // So that all take part.
          answer: async (peer, block, signal) => {
            while (opened.some(({ requestCount }) => requestCount === 0)) {
              if (signal.aborted) return;
              await pause(10, signal);
            }
            await pause(20, signal);
            await peer.write(frame(ID.piece, block));
          },
          isWrong,
        }),
      );
      opened.push(seeder);
      return seeder;
    };
    const good = [2, 3, 4].map((number) => open(number));
    let wrongCount = 0;
    const bad = open(9, () => wrongCount++ === 0);
    await using session = openLocalSession();
    const share = await Share.start(session, ONE_PIECE);
    share.transfer.addPeers([...good, bad].map(({ address }) => address));
    await share.first("completed", LONGEST_MS);
    await assertWhole(share, ONE_PIECE);
    for (const seeder of good) assertGreater(seeder.requestCount, 0);
    assertEquals(share.count("pieceCorrupt"), 1);
    const { hostname } = await share.first("peerBanned");
    assertEquals([hostname, share.count("peerBanned")], ["127.0.0.9", 1]);
    const { peers } = share.transfer.snapshot();
    assertEquals(
      peers.some(({ address }) => address.hostname === hostname),
      false,
    );
  },
});

Deno.test({
  name: "a banned host is not dialed again",
  ignore: lacksAddresses,
  fn: async () => {
    await using bad = new RawSeeder({
      sample: MANY_PIECES,
      hostname: "127.0.0.9",
      idByte: 9,
      isWrong: () => true,
    });
    await using session = openLocalSession();
    const share = await Share.start(session, MANY_PIECES);
    share.transfer.addPeers([bad.address]);
    await share.first("peerBanned", LONGEST_MS);
    await using good = new RawSeeder({
      sample: MANY_PIECES,
      hostname: "127.0.0.2",
      idByte: 2,
    });
    share.transfer.addPeers([bad.address, good.address]);
    await share.first("completed", LONGEST_MS);
    await assertWhole(share, MANY_PIECES);
    assertEquals(bad.connectionCount, 1);
  },
});

/** Ways not to answer requests. */
const UNHELPFUL: readonly [what: string, answer: Answer][] = [
  ["never answer", () => Promise.resolve()],
  ["announce pieces that they lack", (peer, block) =>
    peer.write(
      frame(ID.reject, block.subarray(0, 8), uint32(block.length - 8)),
    )],
  ["answer one byte a second", async (peer, block, signal) => {
    for (const byte of frame(ID.piece, block)) {
      if (signal.aborted) return;
      await peer.write([byte]);
      await pause(1_000, signal);
    }
  }],
];

for (const [what, answer] of UNHELPFUL) {
  for (const sample of [MANY_PIECES, ONE_PIECE]) {
    const pieceKib = sample.torrent.geometry.pieceLength / KIB;
    Deno.test(`ten seeders that ${what} do not stall a download in pieces of ${pieceKib} KiB`, async () => {
      await using seeders = new AsyncDisposableStack();
      await using session = openLocalSession();
      const share = await Share.start(session, sample);
      const unhelpful = Array.from({ length: 10 }, (_, index) =>
        seeders.use(
          new RawSeeder({
            sample,
            idByte: index + 10,
            answer,
            reserved: EXTENSION_BITS,
          }),
        ));
      share.transfer.addPeers(unhelpful.map(({ address }) => address));
      // All of them have requests before the good seeder comes.
      const end = performance.now() + LONGEST_MS;
      while (unhelpful.some(({ requestCount }) => requestCount === 0)) {
        assertLess(performance.now(), end, "a seeder gets no request");
        await delay(10);
      }
      const good = seeders.use(new RawSeeder({ sample, idByte: 1 }));
      const tookMs = await timed(async () => {
        share.transfer.addPeers([good.address]);
        await share.first("completed", LONGEST_MS);
      });
      await assertWhole(share, sample);
      report(`ten seeders that ${what}: complete after ${tookMs.toFixed()} ms`);
    });
  }
}
