/**
 * A host that fills every connection of a session that fetches metadata, and offers
 * metadata on each without ever sending it, does not keep the peer out that has it.
 */
import { assertEquals } from "@std/assert";
import { latin1 } from "../core/bencode/bytes.ts";
import { testUnless } from "../test_unless.ts";
import { freePort } from "./machine.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import { EXTENSION_BITS, frame, handshake, RawPeer } from "./raw_peer.ts";
import { addressOf, openLocalSession, Share } from "./share.ts";

const SAMPLE = await memoryTorrent({ name: "crowded", length: 100_000 });
const { info, infoHash } = SAMPLE.torrent;
const CONNECTION_COUNT = 60;

const OFFER = latin1(
  `d1:md11:ut_metadatai7ee13:metadata_sizei${info.length}ee`,
);

testUnless(
  Deno.build.os === "linux" ? undefined : "127.0.0.2 needs setup",
  "a session fetches metadata beside a host that offers it on every connection and sends nothing",
  async () => {
    await using session = openLocalSession({ maxPeers: 50 });
    const owner = { hostname: "127.0.0.2", port: freePort() };
    const link = { infoHash, name: undefined, trackers: [], peers: [owner] };
    const fetching = session.fetchMetadata(link, { timeoutMs: 120_000 });
    using crowd = new DisposableStack();
    for (let number = 0; number < CONNECTION_COUNT; number++) {
      const peer = crowd.use(await RawPeer.dial(addressOf(session)));
      const id = number.toString(16).padStart(40, "a");
      await peer.write(
        handshake(infoHash, id, EXTENSION_BITS),
        frame(20, [0], OFFER),
      );
    }
    await using seeder = openLocalSession(owner);
    await Share.start(seeder, SAMPLE, fullStorage(SAMPLE));
    assertEquals((await fetching).info, info);
  },
);
