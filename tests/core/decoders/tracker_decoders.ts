/**
 * Fuzz targets: the decoders of what trackers and their clients send.
 */
import { QueryError } from "../../../lib/announce/announce.ts";
import {
  parseAnnounceReply,
  parseScrapeReply,
} from "../../../lib/announce/http_codec.ts";
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
import { ByteQueue } from "../../../lib/base/byte_queue.ts";
import { TrackerError } from "../../../lib/base/errors.ts";
import {
  type CompactPeers,
  parseCompactPeers,
} from "../../../lib/base/peer_address.ts";
import { RequestError } from "../../../lib/http/request.ts";
import { RequestReader } from "../../../lib/http/request_reader.ts";
import {
  encodeAnnounceAnswer,
  encodeScrapeReply,
} from "../../../lib/tracker/announce_answer.ts";
import {
  parseAnnounceQuery,
  parseScrapeQuery,
} from "../../../lib/tracker/announce_query.ts";
import {
  ANNOUNCE_ANSWER,
  announceQuery,
  announceRequest,
  bytes,
  infoHash,
  pickedPeers,
  text,
} from "../announce/samples.ts";
import { latin1 } from "../bencode/bytes.ts";
import type { NamedFuzzTarget } from "../fuzz.ts";

const COUNTS = {
  infoHash: infoHash("a"),
  complete: 1,
  incomplete: 2,
  downloaded: 3,
};

const COMPACT_SAMPLE = Uint8Array.from({ length: 36 }, (_, index) => index);

/** A reply with `peerCount` peers. */
function announceReply(
  peerForm: "compact" | "dictionaries",
  peerCount: number,
): Uint8Array {
  const peers = pickedPeers(
    Array.from({ length: peerCount }, (_, at) => [
      "x",
      { hostname: `192.0.2.${at}`, port: 6881 },
      { hostname: "2001:db8::1", port: 6882 },
    ]),
  );
  return encodeAnnounceAnswer({ ...ANNOUNCE_ANSWER, peers, peerForm });
}

function announceDecoder(
  peerForm: "compact" | "dictionaries",
): NamedFuzzTarget {
  return {
    name: `parseAnnounceReply() survives mutated ${peerForm} replies`,
    examples: [announceReply(peerForm, 1), announceReply(peerForm, 20)],
    decode: parseAnnounceReply,
    refusal: TrackerError,
  };
}

function compactDecoder(
  family: keyof CompactPeers,
): NamedFuzzTarget {
  return {
    name: `parseCompactPeers() survives any bytes for ${family}`,
    examples: [COMPACT_SAMPLE],
    decode: (input) => parseCompactPeers(input, family),
    refusal: RangeError,
  };
}

const REPLY_DECODERS: readonly NamedFuzzTarget[] = [
  announceDecoder("compact"),
  announceDecoder("dictionaries"),
  {
    name: "parseScrapeReply() survives mutated replies",
    examples: [encodeScrapeReply([COUNTS])],
    decode: parseScrapeReply,
    refusal: TrackerError,
  },
  compactDecoder("ipv4"),
  compactDecoder("ipv6"),
];

/** A query with the parameters that clients may omit. */
export const QUERY_SAMPLE = bytes(announceQuery({
  event: "started",
  numwant: 9,
  compact: 0,
  key: "%00abc",
}));

const SCRAPE_SAMPLE = bytes(
  Array.from({ length: 3 }, () => `info_hash=${"%aa".repeat(20)}`).join("&"),
);

const QUERY_DECODERS: readonly NamedFuzzTarget[] = [
  {
    name: "parseAnnounceQuery() survives mutated queries",
    examples: [QUERY_SAMPLE],
    decode: (input) => parseAnnounceQuery(text(input)),
    refusal: QueryError,
  },
  {
    name: "parseScrapeQuery() survives mutated queries",
    examples: [QUERY_SAMPLE, SCRAPE_SAMPLE],
    decode: (input) => parseScrapeQuery(text(input)),
    refusal: QueryError,
  },
];

/** The torrents that are scraped. */
export const ASKED = [infoHash("a"), infoHash("b")];

const IDS = { connectionId: 7n, transactionId: 1 };
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

const UDP_DECODERS: readonly NamedFuzzTarget[] = [
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

const SAMPLES = [
  "GET /announce?info_hash=%AA&left=1 HTTP/1.1\r\nHost: tracker\r\n" +
  "User-Agent: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
  "POST / HTTP/1.0\r\ncontent-length: 5\r\n\r\n12345GET / HTTP/1.1\nhost:\n\n",
  "GET http://[::1]:8000/?a=b HTTP/1.1\r\nhost: [::1]:8000\r\n" +
  "transfer-encoding: chunked\r\nexpect: 100-continue\r\n\r\n",
  "HEAD /scrape HTTP/1.1\r\nhost: a\r\nconnection: keep-alive, x\r\n\r\n",
];

/** Reads every request of the input and describes the last one. */
const REQUEST_DECODER: NamedFuzzTarget = {
  name: "RequestReader survives mutated requests",
  examples: SAMPLES.map(latin1),
  decode: (input) => {
    const received = new ByteQueue(16);
    received.push(input);
    const reader = new RequestReader(received, {
      remoteHostname: "192.0.2.7",
    });
    let described: string | undefined;
    for (;;) {
      const request = reader.next();
      if (request === undefined) return described;
      const { method, path, query, keepsConnection } = request;
      described = `${method} ${path} ${query} ${keepsConnection} ${
        request.header("accept-encoding")
      } ${request.header("last-event-id")}`;
    }
  },
  refusal: RequestError,
};

export const TRACKER_DECODERS: readonly NamedFuzzTarget[] = [
  ...REPLY_DECODERS,
  ...QUERY_DECODERS,
  ...UDP_DECODERS,
  REQUEST_DECODER,
];
