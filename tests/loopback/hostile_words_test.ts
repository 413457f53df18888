/**
 * Peers that say what makes no sense, again and again, to a seeder and to a
 * leecher of ours, while one downloads from the other.
 *
 * @module
 */
import { assertLess } from "@std/assert";
import { delay } from "@std/async/delay";
import type { PeerAddress } from "../../lib/mod.ts";
import { seededRandom } from "../../lib/base/random.ts";
import { latin1 } from "../core/bencode/bytes.ts";
import { FUZZ_SEED } from "../core/fuzz.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import {
  EXTENSION_BITS,
  frame,
  handshake,
  joined,
  RawPeer,
} from "./raw_peer.ts";
import { addressOf, assertWhole, openLocalSession, Share } from "./share.ts";
import { ID, KIB } from "./wire_scene.ts";

const MIB = 1024 * KIB;
const random = seededRandom(FUZZ_SEED);

const SAMPLE = await memoryTorrent({ name: "garbled", length: 8 * MIB + 77 });

/** Bytes by chance. */
function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random() * 256);
}

/** A handshake of somebody new, and what follows it. */
function greeted(...frames: Uint8Array[]): Uint8Array {
  const id = Array.from(noise(20), (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  return joined(
    handshake(SAMPLE.torrent.infoHash, id, EXTENSION_BITS),
    ...frames,
  );
}

function extended(id: number, payload: Uint8Array): Uint8Array {
  return frame(ID.extended, [id], payload);
}

/** What is said, made anew each time. */
const WORDS: readonly [what: string, say: () => Uint8Array][] = [
  ["TLS", () => joined([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3], noise(512))],
  [
    "HTTP",
    () => latin1("GET /announce HTTP/1.1\r\nHost: example\r\n\r\n"),
  ],
  ["random bytes", () => noise(4 * KIB)],
  ["random bytes behind a handshake", () => greeted(noise(4 * KIB))],
  [
    "random bytes in frames of all ids",
    () =>
      greeted(
        ...Array.from(
          { length: 30 },
          (_, id) => frame(id, noise(Math.floor(random() * 20))),
        ),
      ),
  ],
  [
    "lists in lists",
    () => greeted(extended(0, latin1("l".repeat(8_000) + "e".repeat(8_000)))),
  ],
  [
    "dictionaries in dictionaries",
    () =>
      greeted(
        extended(0, latin1("d1:a".repeat(4_000) + "de" + "e".repeat(4_000))),
      ),
  ],
  [
    "a dictionary of a mebibyte",
    () =>
      greeted(
        extended(0, latin1(`d1:a${MIB - 100}:${"x".repeat(MIB - 100)}e`)),
      ),
  ],
  [
    "a string longer than its message",
    () => greeted(extended(0, latin1("d1:a4294967295:xe"))),
  ],
  [
    "peer exchange of garbage",
    () =>
      greeted(
        extended(1, joined(latin1("d5:added600:"), noise(600), latin1("e"))),
      ),
  ],
  [
    "peer exchange cut off",
    () => greeted(extended(1, latin1("d5:added7:1234567e"))),
  ],
  [
    "peer exchange of everybody and nobody",
    () =>
      greeted(extended(
        1,
        joined(
          latin1("d5:added42:"),
          [127, 0, 0, 1, 0, 22], // ourselves, SSH
          [0, 0, 0, 0, 26, 225],
          [224, 0, 0, 1, 26, 225], // all machines
          [239, 255, 255, 250, 7, 108],
          [255, 255, 255, 255, 26, 225],
          [127, 0, 0, 1, 0, 0],
          [192, 0, 2, 1, 0, 80],
          latin1("6:added636:"),
          new Uint8Array(16),
          [26, 225],
          [0xff, 2, ...new Uint8Array(13), 1, 26, 225],
          latin1("e"),
        ),
      )),
  ],
];

/** Calls, speaks, and calls again, until it is told to stop. */
async function babble(
  address: PeerAddress,
  options: { say: () => Uint8Array; signal: AbortSignal },
): Promise<void> {
  while (!options.signal.aborted) {
    using peer = await RawPeer.dial(address);
    await peer.write(options.say());
    await delay(20);
  }
}

for (const [what, say] of WORDS) {
  Deno.test(`a download goes on beside peers that say ${what} (seed ${FUZZ_SEED})`, async () => {
    const before = Deno.memoryUsage().rss;
    await using seeding = openLocalSession();
    await using leeching = openLocalSession();
    await Share.start(seeding, SAMPLE, fullStorage(SAMPLE));
    const leecher = await Share.start(leeching, SAMPLE);
    const ending = new AbortController();
    const { signal } = ending;
    const babbling = [seeding, seeding, leeching, leeching].map((session) =>
      babble(addressOf(session), { say, signal })
    );
    await delay(100);
    leecher.transfer.addPeers([addressOf(seeding)]);
    await leecher.first("completed", 40_000);
    ending.abort();
    await Promise.all(babbling);
    await assertWhole(leecher, SAMPLE);
    assertLess(Deno.memoryUsage().rss - before, 400 * MIB);
  });
}
