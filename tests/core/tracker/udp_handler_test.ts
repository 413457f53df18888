import { assert, assertEquals } from "@std/assert";
import type {
  PeerAnnounce,
  PeerStore,
} from "../../../lib/tracker/store/peer_store.ts";
import { Tracker } from "../../../lib/tracker/tracker.ts";
import {
  createUdpHandler,
  type UdpHandler,
} from "../../../lib/tracker/udp_handler.ts";
import {
  encodeUdpAnnounce,
  encodeUdpConnect,
  encodeUdpScrape,
} from "../../../lib/announce/udp_request.ts";
import {
  encodeUdpError,
  parseUdpAnnounced,
  parseUdpConnected,
  parseUdpScraped,
} from "../../../lib/announce/udp_response.ts";
import {
  announceRequest,
  bytes,
  infoHash,
  peerId,
  text,
} from "../announce/samples.ts";

/** A store that does what a test says, and fails whatever else it is asked. */
function storeThat(does: Partial<PeerStore>): PeerStore {
  const unexpected = (): never => {
    throw new Error("Cannot answer: the test's store has no such answer");
  };
  return {
    announce: unexpected,
    scrape: unexpected,
    swarms: unexpected,
    totals: unexpected,
    peers: unexpected,
    expire: unexpected,
    [Symbol.asyncDispose]: () => Promise.resolve(),
    ...does,
  };
}

const SECRET = new Uint8Array(16).fill(1);
const IPV4 = "192.0.2.1";
const IPV6 = "2001:db8::1";
/** A transaction id. */
const ID = 0xfedcba98;

const ACCEPTED = {
  type: "accepted",
  swarm: { infoHash: infoHash("a"), complete: 1, incomplete: 2, downloaded: 3 },
  peers: {
    ipv4: bytes("\xc0\x00\x02\x07\x1a\xe1"),
    ipv6: bytes(`\x20\x01\x0d\xb8${"\0".repeat(11)}\x07\x1a\xe1`),
    ids: undefined,
  },
  swarmAgeMs: 0,
  peerCount: 3,
} as const;

/** A handler over a store that accepts every announce, and the announces that it received. */
function tracker(
  store: Partial<PeerStore> = {},
): { readonly handle: UdpHandler; readonly announced: PeerAnnounce[] } {
  const announced: PeerAnnounce[] = [];
  const handle = createUdpHandler({
    tracker: new Tracker({
      store: storeThat({
        announce: (announce) => {
          announced.push(announce);
          return ACCEPTED;
        },
        ...store,
      }),
      intervalMs: () => 7_000,
    }),
    secret: SECRET,
    localHostname: (hostname) => `the tracker's for ${hostname}`,
  });
  return { handle, announced };
}

/** The connection id that is issued to an address. */
function connectionId(handle: UdpHandler, hostname: string, nowMs = 0): bigint {
  const answer = handle(encodeUdpConnect(ID), hostname, nowMs);
  assert(answer instanceof Uint8Array);
  assertEquals(text(answer.subarray(4, 8)), "\xfe\xdc\xba\x98");
  return parseUdpConnected(answer);
}

/** A valid connection id for an address. */
function call(
  handle: UdpHandler,
  hostname: string,
): { connectionId: bigint; transactionId: number } {
  return { connectionId: connectionId(handle, hostname), transactionId: ID };
}

Deno.test("the UDP handler passes an announce and its address to the store", async () => {
  const { handle, announced } = tracker();
  const request = announceRequest({
    downloaded: 1,
    uploaded: 2,
    left: 0,
    event: "completed",
    numwant: 201,
    key: "0BADCAFE",
  });
  await handle(encodeUdpAnnounce(request, call(handle, IPV4)), IPV4, 0);
  const { localHostname, ...rest } = announced[0]!;
  assertEquals(localHostname?.(), `the tracker's for ${IPV4}`);
  assertEquals(rest, {
    infoHash: infoHash("a"),
    peerId: peerId("me"),
    hostname: IPV4,
    port: 6881,
    downloaded: 1,
    uploaded: 2,
    left: 0,
    event: "completed",
    numwant: 200,
    // The spelling that the key has over HTTP.
    key: "0badcafe",
    wantsIds: false,
  });
});

Deno.test("the UDP handler reads key 0 as no key", async () => {
  const { handle, announced } = tracker();
  const request = announceRequest({ key: "00000000" });
  await handle(encodeUdpAnnounce(request, call(handle, IPV4)), IPV4, 0);
  assertEquals(announced[0]?.key, undefined);
});

Deno.test("the UDP handler answers with peers of the client's address family", async () => {
  const { handle } = tracker();
  const peersFor = async (hostname: string): Promise<unknown> => {
    const request = encodeUdpAnnounce(
      announceRequest(),
      call(handle, hostname),
    );
    const answer = await handle(request, hostname, 0);
    const family = hostname === IPV6 ? "ipv6" : "ipv4";
    const reply = parseUdpAnnounced(answer!, family);
    assertEquals(
      [reply.intervalMs, reply.complete, reply.incomplete],
      [7_000, 1, 2],
    );
    return reply.peers;
  };
  const ipv4Peers = [{ hostname: "192.0.2.7", port: 6881 }];
  assertEquals(await peersFor(IPV4), ipv4Peers);
  assertEquals(await peersFor(IPV6), [{ hostname: "2001:db8::7", port: 6881 }]);
  // A socket for both families reports IPv4 addresses like this.
  assertEquals(await peersFor(`::ffff:${IPV4}`), ipv4Peers);
});

Deno.test("the UDP handler takes an IPv4-mapped address as the IPv4 address", async () => {
  const { handle, announced } = tracker();
  const request = encodeUdpAnnounce(announceRequest(), call(handle, IPV4));
  await handle(request, `::ffff:${IPV4}`, 0);
  assertEquals(announced[0]?.hostname, IPV4);
});

Deno.test("the UDP handler answers a scrape in its order, with zeros for unknown torrents", async () => {
  const asked = [infoHash("b"), infoHash("a"), infoHash("c"), infoHash("a")];
  const { handle } = tracker({
    scrape: (infoHashes) => {
      assertEquals(infoHashes, [infoHash("b"), infoHash("a"), infoHash("c")]);
      return [ACCEPTED.swarm];
    },
  });
  const request = encodeUdpScrape(asked, call(handle, IPV4));
  const answer = await handle(request, IPV4, 0);
  assertEquals(
    parseUdpScraped(answer!, asked).map((
      { complete, incomplete, downloaded },
    ) => [complete, downloaded, incomplete].join()),
    ["0,0,0", "1,3,2", "0,0,0", "1,3,2"],
  );
});

Deno.test("the UDP handler passes the store's refusal on", async () => {
  const { handle } = tracker({
    announce: () => ({ type: "refused", reason: "full", retryInMs: 60_000 }),
  });
  const request = encodeUdpAnnounce(announceRequest(), call(handle, IPV4));
  assertEquals(await handle(request, IPV4, 0), encodeUdpError("full", ID));
});

Deno.test("the UDP handler explains an error only to a client with a connection id", () => {
  const { handle, announced } = tracker();
  const valid = call(handle, IPV4);
  const announce = encodeUdpAnnounce(announceRequest(), valid);
  const withAction = (action: number): Uint8Array => {
    const datagram = announce.slice();
    datagram[11] = action;
    return datagram;
  };
  const faults: [Uint8Array, string][] = [
    [
      announce.subarray(0, 97),
      "the client sent a malformed request: announce has 97 bytes instead of 98",
    ],
    [
      announce.subarray(0, 16),
      "the client sent a malformed request: announce has 16 bytes instead of 98",
    ],
    [
      encodeUdpAnnounce(announceRequest({ port: 0 }), valid),
      "the client sent a malformed request: port 0 is not from 1 to 65535",
    ],
    [
      encodeUdpScrape([infoHash("a")], valid).subarray(0, 35),
      "the client sent a malformed request: scrape names no torrent",
    ],
    [withAction(3), "the client sent the unknown action 3"],
    // A connect request begins with the magic number.
    [withAction(0), "the client sent the unknown action 0"],
  ];
  for (const [datagram, reason] of faults) {
    assertEquals(handle(datagram, IPV4, 0), encodeUdpError(reason, ID));
    assertEquals(handle(datagram, "192.0.2.2", 0), undefined);
    assertEquals(handle(datagram, IPV6, 0), undefined);
    assertEquals(handle(datagram, IPV4, 240_000), undefined);
  }
  assertEquals(announced, []);
});

Deno.test("the UDP handler sends a client without a connection id at most as many bytes as it received", () => {
  const { handle, announced } = tracker();
  const invalid = { connectionId: 1n, transactionId: ID };
  const requests = [
    Uint8Array.of(...encodeUdpConnect(ID), ...new Uint8Array(50)),
    encodeUdpAnnounce(announceRequest(), invalid),
    encodeUdpScrape([infoHash("a")], invalid),
  ];
  for (const request of requests) {
    for (let length = 0; length <= request.length; length++) {
      const answer = handle(request.subarray(0, length), IPV4, 0);
      assert(!(answer instanceof Promise));
      const isConnect = request === requests[0] && length >= 16;
      assertEquals(answer?.length, isConnect ? 16 : undefined);
    }
  }
  assertEquals(announced, []);
});

Deno.test("the UDP handler does not answer an address that is not an IP address", () => {
  const { handle } = tracker();
  for (const hostname of ["fe80::1%eth0", "host", ""]) {
    assertEquals(handle(encodeUdpConnect(ID), hostname, 0), undefined);
  }
});
