/**
 * Listeners of the library's users that throw: nothing that is reported fails.
 */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import {
  announce,
  buildTorrent,
  createAnnounceKey,
  createPeerId,
  infoHashFromHex,
  MemoryStorage,
  openStore,
  openTorrentFolder,
  PIECE_LENGTH,
  startTracker,
  verifyStorage,
} from "../../lib/mod.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import { addressOf, openLocalSession } from "./share.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** A listener that throws, and counts its calls. */
class ThrowingListener {
  callCount = 0;

  readonly call = (): never => {
    this.callCount++;
    throw new Error("the listener's own");
  };
}

for (const kind of ["a store of its own", "a given store"]) {
  for (const udp of [false, true]) {
    Deno.test(`a tracker with ${kind} answers over ${udp ? "UDP" : "HTTP"} although onAnnounce, onChange and onError throw`, async () => {
      const [onAnnounce, onChange] = [
        new ThrowingListener(),
        new ThrowingListener(),
      ];
      await using store = kind === "a given store"
        ? await openStore("memory", {
          peerTimeoutMs: 1000,
          random: Math.random,
          onChange: onChange.call,
        })
        : undefined;
      await using tracker = await startTracker({
        port: 0,
        hostname: "127.0.0.1",
        udp,
        onAnnounce: onAnnounce.call,
        onChange: onChange.call,
        onError: new ThrowingListener().call,
        ...(store && { store }),
      });
      const url = udp ? tracker.udpAnnounceUrl! : tracker.announceUrl;
      const reply = await announce(url, {
        infoHash: infoHashFromHex("ab".repeat(20)),
        peerId: createPeerId(Math.random),
        key: createAnnounceKey(Math.random),
        port: 7000,
        event: "started",
        uploaded: 0,
        downloaded: 0,
        left: 1,
        numwant: 5,
      });
      assertEquals(reply.incomplete, 1);
      assert(onAnnounce.callCount > 0 && onChange.callCount > 0);
    });
  }
}

Deno.test("sessions share a torrent although their onEvent throws", async () => {
  const sample = await memoryTorrent({ length: 300_000 });
  await using seeder = openLocalSession();
  await using leecher = openLocalSession();
  const { torrent } = sample;
  const [seeding, leeching] = [new ThrowingListener(), new ThrowingListener()];
  const full = fullStorage(sample);
  seeder.addTorrent(torrent, {
    storage: full,
    have: await verifyStorage(full, torrent),
    onEvent: seeding.call,
  });
  const storage = new MemoryStorage(torrent.geometry.length);
  const transfer = leecher.addTorrent(torrent, {
    storage,
    have: await verifyStorage(storage, torrent),
    onEvent: leeching.call,
  });
  transfer.addPeers([addressOf(seeder)]);
  for (let waits = 0; !transfer.isComplete && waits < 3_000; waits++) {
    await delay(20);
  }
  assert(transfer.isComplete);
  assert(seeding.callCount > 0 && leeching.callCount > 0);
});

Deno.test("a torrent folder is listed on although its onChange throws", async () => {
  await using folder = await temporaryFolder();
  const listener = new ThrowingListener();
  await using catalogue = await openTorrentFolder(folder.path, {
    scanIntervalMs: 10,
    onChange: listener.call,
  });
  for (const name of ["a", "b"]) {
    const torrent = buildTorrent({
      name,
      content: { type: "file", length: 1 },
      pieceLength: PIECE_LENGTH,
      pieceHashes: new Uint8Array(20),
      announce: ["http://127.0.0.1:8000/announce"],
    });
    await Deno.writeFile(join(folder.path, `${name}.torrent`), torrent);
    const { length } = catalogue.list();
    for (let waits = 0; waits < 3_000; waits++) {
      if (catalogue.list().length > length) break;
      await delay(20);
    }
  }
  assertEquals([catalogue.list().length, listener.callCount], [2, 2]);
});
