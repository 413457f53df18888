import {
  assertAlmostEquals,
  assertEquals,
  assertLessOrEqual,
} from "@std/assert";
import { infoHashFromHex } from "../../../lib/base/identifier.ts";
import { formatPeerAddress } from "../../../lib/base/peer_address.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import {
  decodeLsdMessage,
  dialProbability,
  encodeLsdMessages,
  LsdMachine,
} from "../../../lib/discovery/local_service_discovery.ts";
import { fuzz, FUZZ_SEED } from "../fuzz.ts";
import { VirtualNetwork } from "./dns_network.ts";

const ENCODER = new TextEncoder();
const HASH = infoHashFromHex("0123456789abcdef0123456789abcdef01234567");
const OTHER = infoHashFromHex("f".repeat(40));

/** As BEP 14 prints it. */
const MESSAGE = "BT-SEARCH * HTTP/1.1\r\n" +
  "Host: 239.192.152.143:6771\r\n" +
  "Port: 6881\r\n" +
  `Infohash: ${HASH}\r\n` +
  "cookie: me\r\n" +
  "\r\n\r\n";

Deno.test("encodeLsdMessages() writes a message as BEP 14 has it", () => {
  const message = { port: 6881, infoHashes: [HASH], cookie: "me" };
  const [datagram, ...more] = encodeLsdMessages(message, "ipv4");
  assertEquals(new TextDecoder().decode(datagram), MESSAGE);
  assertEquals(more, []);
  assertEquals(decodeLsdMessage(datagram!), message);
});

Deno.test("encodeLsdMessages() splits many hashes into messages of at most 1,400 bytes", () => {
  const infoHashes = Array.from(
    { length: 60 },
    (_, index) => infoHashFromHex(index.toString(16).padStart(40, "0")),
  );
  for (const family of ["ipv4", "ipv6"] as const) {
    const message = { port: 65_535, infoHashes, cookie: "lanswarm-ffffffff" };
    const datagrams = encodeLsdMessages(message, family);
    assertEquals(datagrams.length, 3);
    for (const { length } of datagrams) assertLessOrEqual(length, 1_400);
    const read = datagrams.flatMap((datagram) =>
      decodeLsdMessage(datagram)!.infoHashes
    );
    assertEquals(read, infoHashes);
  }
});

Deno.test("decodeLsdMessage() reads the messages of other clients", () => {
  const cases = [
    // Transmission: capital letters, its own order, a space less.
    `BT-SEARCH * HTTP/1.1\r\nHost:239.192.152.143:6771\r\nInfohash: ${HASH.toUpperCase()}\r\nPort: 6881\r\n\r\n\r\n`,
    // A header that we do not know; the same hash twice.
    `BT-SEARCH * HTTP/1.1\r\nPORT: 6881\r\nX: y\r\nInfohash: ${HASH}\r\nInfohash: ${HASH}\r\n\r\n`,
  ];
  for (const text of cases) {
    const { port, infoHashes } = decodeLsdMessage(ENCODER.encode(text))!;
    assertEquals([port, infoHashes], [6881, [HASH]]);
  }
});

Deno.test("decodeLsdMessage() refuses what is no message of a peer", () => {
  const cases = [
    "",
    "M-SEARCH * HTTP/1.1\r\n\r\n",
    MESSAGE.replace("6881", "0"),
    MESSAGE.replace("6881", "65536"),
    MESSAGE.replace("6881", "-1"),
    MESSAGE.replace(/^Port.*\r\n/m, ""),
    MESSAGE.replace(/^Infohash.*\r\n/m, ""),
    MESSAGE.replace(HASH, HASH.slice(1)),
    MESSAGE.replace(HASH, `${HASH}0`),
    MESSAGE + "x".repeat(1_400),
  ];
  for (const text of cases) {
    assertEquals(decodeLsdMessage(ENCODER.encode(text)), undefined, text);
  }
});

Deno.test(`decodeLsdMessage() survives any datagram (seed ${FUZZ_SEED})`, async () => {
  await fuzz({
    examples: [ENCODER.encode(MESSAGE)],
    decode: decodeLsdMessage,
  });
});

Deno.test("dialProbability() keeps a swarm connected and spares each machine", () => {
  for (const count of [0, 1, 2, 6]) assertEquals(dialProbability(count), 1);
  assertAlmostEquals(dialProbability(40), (Math.log(40) + 5) / 40);
  // A thousand machines: each dials about twelve.
  assertAlmostEquals(1000 * dialProbability(1000), 11.9, 0.1);
});

interface Heard {
  readonly atMs: number;
  readonly by: string;
  readonly infoHash: string;
  readonly address: string;
}

/** A network on which machines listen and note what they hear. */
function createNetwork(): {
  network: VirtualNetwork;
  heard: Heard[];
  join: (address: string) => LsdMachine;
} {
  const network = new VirtualNetwork(6771);
  const heard: Heard[] = [];
  let seed = 1;
  const join = (by: string): LsdMachine => {
    const machine = new LsdMachine({
      port: 6881,
      onPeer: (infoHash, address) =>
        heard.push({
          ...{ atMs: network.now, by, infoHash },
          address: formatPeerAddress(address),
        }),
    }, seededRandom(seed++));
    network.add(by, machine);
    return machine;
  };
  return { network, heard, join };
}

Deno.test("LSD announces at 0, 2 and 4 s, every 5 minutes, and when an address changes", () => {
  const { network, join } = createNetwork();
  const machine = join("10.77.0.1");
  machine.add(HASH, 0);
  network.run(304_000);
  const times = network.sent
    .filter(({ outgoing }) =>
      "family" in outgoing && outgoing.family === "ipv4"
    )
    .map(({ atMs }) => atMs);
  assertEquals(times, [0, 2_000, 4_000, 304_000]);
  network.sent.length = 0;
  machine.interfacesChanged([], 304_100);
  network.run(310_000);
  assertEquals(
    [...new Set(network.sent.map(({ atMs }) => atMs))],
    [304_100, 306_100, 308_100],
  );
});

Deno.test("LSD reports a peer of the same torrent within half a second, and never itself", () => {
  const { network, heard, join } = createNetwork();
  join("10.77.0.1").add(HASH, 0);
  join("10.77.0.2").add(HASH, 0);
  join("10.77.0.3").add(OTHER, 0);
  network.run(500);
  assertEquals(
    heard.map(({ by, infoHash, address }) => [by, infoHash, address]).sort(),
    [
      ["10.77.0.1", HASH, "10.77.0.2:6881"],
      ["10.77.0.2", HASH, "10.77.0.1:6881"],
    ],
  );
});

Deno.test("LSD is silent about a torrent that was removed", () => {
  const { network, heard, join } = createNetwork();
  const machine = join("10.77.0.1");
  machine.add(HASH, 0);
  network.run(1_000);
  machine.remove(HASH);
  network.sent.length = 0;
  network.multicast("10.77.0.9", ENCODER.encode(MESSAGE));
  network.run(10_000);
  assertEquals([network.sent, heard], [[], []]);
});

Deno.test("of forty machines that start together, each dials some, within half a second", () => {
  const { network, heard, join } = createNetwork();
  for (let index = 1; index <= 40; index++) {
    join(`10.77.0.${index}`).add(HASH, 0);
  }
  network.run(500);
  // Not all of the 39 others, each of which announces itself over both families.
  assertLessOrEqual(heard.length / 40, 25);
  const hosts = new Set(heard.map(({ by }) => by));
  assertEquals(hosts.size, 40);
});

Deno.test("LSD keeps a bounded number of dials waiting, whatever is announced", () => {
  const { network, heard, join } = createNetwork();
  join("10.77.0.1").add(HASH, 0);
  for (let index = 0; index < 10_000; index++) {
    const message = MESSAGE.replace("6881", `${1024 + index}`);
    network.multicast("10.77.0.9", ENCODER.encode(message));
  }
  network.run(500);
  assertLessOrEqual(heard.length, 256);
});
