/**
 * Fuzz targets: the decoders of UDP requests and responses.
 *
 * @module
 */
import { TrackerError } from "../../../lib/base/errors.ts";
import { QueryError } from "../../../lib/announce/announce.ts";
import { UdpDialogue } from "../../../lib/announce/udp_dialogue.ts";
import {
  encodeUdpAnnounce,
  encodeUdpScrape,
  parseUdpAnnounce,
  parseUdpScrape,
} from "../../../lib/announce/udp_request.ts";
import {
  encodeUdpAnnounced,
  encodeUdpConnected,
  encodeUdpError,
  encodeUdpScraped,
  parseUdpAnnounced,
  parseUdpConnected,
  parseUdpScraped,
} from "../../../lib/announce/udp_response.ts";
import type { NamedFuzzTarget } from "../fuzz.ts";
import { announceRequest, infoHash } from "./samples.ts";

/** The torrents that are scraped. */
export const ASKED = [infoHash("a"), infoHash("b")];

const IDS = { connectionId: 7n, transactionId: 1 };
const COUNTS = { complete: 1, incomplete: 2, downloaded: 3 };
const TRACKER = { hostname: "192.0.2.1", port: 8000 };
const CONNECTED = encodeUdpConnected(7n, 1);

const RESPONSES = [
  CONNECTED,
  encodeUdpAnnounced({
    intervalMs: 120_000,
    swarm: COUNTS,
    peers: new Uint8Array(36).fill(9),
    family: "ipv4",
  }, 1),
  encodeUdpScraped([COUNTS, COUNTS], 1),
  encodeUdpError("no", 1),
];

function responseReader(
  name: string,
  decode: (datagram: Uint8Array) => unknown,
): NamedFuzzTarget {
  return {
    name: `${name} survives mutated responses`,
    examples: RESPONSES,
    decode,
    refusal: TrackerError,
  };
}

/** A dialogue that has sent its first datagram. */
function dialogue(): UdpDialogue<unknown> {
  const dialogue = new UdpDialogue({
    request: {
      encode: (ids) => encodeUdpScrape(ASKED, ids),
      parse: (datagram) => parseUdpScraped(datagram, ASKED),
    },
    addresses: [TRACKER],
    connection: undefined,
    createTransactionId: () => 1,
  });
  dialogue.next(0);
  return dialogue;
}

/** The decoders of datagrams. */
export const UDP_DECODERS: readonly NamedFuzzTarget[] = [
  {
    name: "parseUdpAnnounce() survives mutated requests",
    examples: [encodeUdpAnnounce(announceRequest(), IDS)],
    decode: parseUdpAnnounce,
    refusal: QueryError,
  },
  {
    name: "parseUdpScrape() survives mutated requests",
    examples: [encodeUdpScrape(ASKED, IDS).subarray(0, 40)],
    decode: parseUdpScrape,
    refusal: QueryError,
  },
  responseReader("parseUdpConnected()", parseUdpConnected),
  responseReader(
    "parseUdpAnnounced() for IPv4",
    (datagram) => parseUdpAnnounced(datagram, "ipv4"),
  ),
  responseReader(
    "parseUdpAnnounced() for IPv6",
    (datagram) => parseUdpAnnounced(datagram, "ipv6"),
  ),
  responseReader(
    "parseUdpScraped()",
    (datagram) => parseUdpScraped(datagram, ASKED),
  ),
  responseReader("UdpDialogue that connects", (input) => {
    const connecting = dialogue();
    connecting.receive(input, TRACKER, 0);
    return connecting.connection;
  }),
  responseReader("UdpDialogue that is connected", (input) => {
    const asking = dialogue();
    asking.receive(CONNECTED, TRACKER, 0);
    asking.next(0);
    return asking.receive(input, TRACKER, 0)?.answer;
  }),
];
