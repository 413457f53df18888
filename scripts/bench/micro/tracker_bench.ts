/**
 * An announce without the network: the query is decoded, the peer stored, others
 * chosen for it and the answer encoded.
 *
 * @module
 */
import { seededRandom } from "../../../lib/base/random.ts";
import {
  createTrackerHandler,
  type TrackerRequest,
} from "../../../lib/tracker/http_handler.ts";
import { MemoryStore } from "../../../lib/tracker/store/memory_store.ts";
import { adaptiveInterval, Tracker } from "../../../lib/tracker/tracker.ts";

/** Number of different requests. */
const REQUEST_COUNT = 5_000;

/** The escaped bytes of a torrent's info hash. */
function escapedInfoHash(torrent: number): string {
  const random = seededRandom(torrent);
  return Array.from({ length: 20 }, () => {
    const byte = Math.floor(random() * 256);
    return `%${byte.toString(16).padStart(2, "0")}`;
  }).join("");
}

function request(peer: number, torrent: string): TrackerRequest {
  const id = String(peer).padStart(12, "x");
  return {
    method: "GET",
    path: "/announce",
    query:
      `info_hash=${torrent}&peer_id=-TR4000-${id}&port=51413&uploaded=0&downloaded=${peer}&left=${
        peer % 4 * 1000
      }&numwant=50&key=1A2B3C4D&compact=1&supportcrypto=1`,
    remoteHostname: `10.${peer >> 16}.${peer >> 8 & 255}.${peer & 255}`,
    header: () => undefined,
    isFromBrowser: false,
  };
}

/** A tracker with peers, and announces of some of them in turn. */
function announcing(peerCount: number, torrentCount: number): () => void {
  const handle = createTrackerHandler({
    tracker: new Tracker({
      store: new MemoryStore({
        peerTimeoutMs: 180_000,
        random: seededRandom(1),
      }),
      intervalMs: adaptiveInterval(120_000),
    }),
    minIntervalMs: 5_000,
  });
  const torrents = Array.from(
    { length: torrentCount },
    (_, torrent) => escapedInfoHash(torrent),
  );
  const requestOf = (peer: number): TrackerRequest =>
    request(peer, torrents[peer % torrentCount]!);
  for (let peer = 0; peer < peerCount; peer++) handle(requestOf(peer), 0);
  const random = seededRandom(2);
  const requests = Array.from(
    { length: REQUEST_COUNT },
    () => requestOf(Math.floor(random() * peerCount)),
  );
  let turn = 0;
  return () => void handle(requests[turn++ % REQUEST_COUNT]!, 1_000);
}

for (
  const [peerCount, torrentCount] of [[100, 1], [100_000, 1], [100_000, 1_000]]
) {
  let announce: (() => void) | undefined;
  Deno.bench(
    `announce, ${peerCount} peers in ${torrentCount} torrents`,
    { group: "announce" },
    () => {
      announce ??= announcing(peerCount!, torrentCount!);
      announce();
    },
  );
}
