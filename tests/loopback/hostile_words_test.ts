/**
 * Peers that send garbage, again and again, to a seeder and to a leecher, while
 * the leecher downloads from the seeder.
 */
import { assertLess } from "@std/assert";
import { delay } from "@std/async/delay";
import type { PeerAddress } from "../../lib/mod.ts";
import { seededRandom } from "../../lib/base/random.ts";
import { latin1 } from "../core/bencode/bytes.ts";
import { FUZZ_SEED } from "../core/fuzz.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import { usedMemory } from "./machine.ts";
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

/** Random bytes. */
function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random() * 256);
}

/** A handshake of a new peer, and frames behind it. */
function handshaken(...frames: Uint8Array[]): Uint8Array {
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

/** Generators of garbage. */
const GARBAGE: readonly [what: string, make: () => Uint8Array][] = [
  ["TLS", () => joined([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3], noise(512))],
  [
    "HTTP",
    () => latin1("GET /announce HTTP/1.1\r\nHost: example\r\n\r\n"),
  ],
  ["random bytes", () => noise(4 * KIB)],
  ["random bytes behind a handshake", () => handshaken(noise(4 * KIB))],
  [
    "random bytes in frames of all ids",
    () =>
      handshaken(
        ...Array.from(
          { length: 30 },
          (_, id) => frame(id, noise(Math.floor(random() * 20))),
        ),
      ),
  ],
  [
    "nested lists",
    () =>
      handshaken(extended(0, latin1("l".repeat(8_000) + "e".repeat(8_000)))),
  ],
  [
    "nested dictionaries",
    () =>
      handshaken(
        extended(0, latin1("d1:a".repeat(4_000) + "de" + "e".repeat(4_000))),
      ),
  ],
  [
    "a dictionary of a mebibyte",
    // Made once: making it costs more than refusing it.
    once(() =>
      handshaken(
        extended(0, latin1(`d1:a${MIB - 100}:${"x".repeat(MIB - 100)}e`)),
      )
    ),
  ],
  [
    "a string longer than its message",
    () => handshaken(extended(0, latin1("d1:a4294967295:xe"))),
  ],
  [
    "peer exchange of garbage",
    () =>
      handshaken(
        extended(1, joined(latin1("d5:added600:"), noise(600), latin1("e"))),
      ),
  ],
  [
    "a truncated peer exchange",
    () => handshaken(extended(1, latin1("d5:added7:1234567e"))),
  ],
  [
    "a peer exchange of addresses that no peer has",
    () =>
      handshaken(extended(
        1,
        joined(
          latin1("d5:added42:"),
          [127, 0, 0, 1, 0, 22], // this machine, SSH
          [0, 0, 0, 0, 26, 225],
          [224, 0, 0, 1, 26, 225], // multicast
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

/** Makes a value at the first call. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Connects and sends, again and again, until `signal` is aborted. */
async function attack(
  address: PeerAddress,
  options: { make: () => Uint8Array; signal: AbortSignal },
): Promise<void> {
  while (!options.signal.aborted) {
    using peer = await RawPeer.dial(address);
    await peer.write(options.make());
    await delay(20);
  }
}

for (const [what, make] of GARBAGE) {
  Deno.test(`a download goes on beside peers that send ${what} (seed ${FUZZ_SEED})`, async () => {
    const before = usedMemory();
    await using seeding = openLocalSession();
    await using leeching = openLocalSession();
    await Share.start(seeding, SAMPLE, fullStorage(SAMPLE));
    const leecher = await Share.start(leeching, SAMPLE);
    const ending = new AbortController();
    const { signal } = ending;
    const attacks = [seeding, seeding, leeching, leeching].map((session) =>
      attack(addressOf(session), { make, signal })
    );
    await delay(100);
    leecher.transfer.addPeers([addressOf(seeding)]);
    try {
      await leecher.first("completed", 120_000);
    } finally {
      ending.abort();
      await Promise.all(attacks);
    }
    await assertWhole(leecher, SAMPLE);
    assertLess(usedMemory() - before, 400 * MIB);
  });
}
