/**
 * Asks a tracker over UDP. It finds the tracker, performs the dialogue's steps and
 * keeps the connection for the next question; when to send what, and what is an
 * answer, is the dialogue's.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { TrackerError } from "../base/errors.ts";
import type { InfoHash } from "../base/identifier.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type {
  AnnounceReply,
  AnnounceRequest,
  ScrapeEntry,
} from "./announce.ts";
import { UdpDialogue, type UdpQuestion } from "./udp_dialogue.ts";
import { MAX_UDP_SCRAPE_COUNT } from "./udp_message.ts";
import { encodeUdpAnnounce, encodeUdpScrape } from "./udp_request.ts";
import { parseUdpAnnounced, parseUdpScraped } from "./udp_response.ts";
import { resolveHost } from "../net/resolve_host.ts";
import { UdpConnections } from "./udp_connections.ts";
import { UdpQuestionSockets } from "./udp_question_sockets.ts";

/** Of all that this process asks. */
const connections = new UdpConnections();

/** Where a URL says that a tracker is. */
interface TrackerPlace {
  /** A name, or an IP address without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/**
 * Announces to the tracker of a `udp:` URL. [BEP 15]
 * @throws {TrackerError} If it is silent, refuses or is not to be found.
 * @throws The signal's reason, once it is aborted.
 */
export function announceOverUdp(
  url: string,
  request: AnnounceRequest,
  signal: AbortSignal,
): Promise<AnnounceReply> {
  const question: UdpQuestion<AnnounceReply> = {
    encode: (call) => encodeUdpAnnounce(request, call),
    parse: parseUdpAnnounced,
  };
  return ask(url, question, signal);
}

/**
 * Asks the tracker of a `udp:` URL for the state of swarms. [BEP 15]
 * @returns One entry for each; counts of 0 if the tracker does not know it.
 * @throws {TrackerError} As `announceOverUdp`, and if no torrent is named.
 * @throws The signal's reason, once it is aborted.
 */
export async function scrapeOverUdp(
  url: string,
  infoHashes: readonly InfoHash[],
  signal: AbortSignal,
): Promise<ScrapeEntry[]> {
  if (infoHashes.length === 0) {
    throw new TrackerError(
      "over UDP a tracker tells of the torrents that it is asked for alone, and no info hash is given",
    );
  }
  const entries: ScrapeEntry[] = [];
  for (let at = 0; at < infoHashes.length; at += MAX_UDP_SCRAPE_COUNT) {
    const asked = infoHashes.slice(at, at + MAX_UDP_SCRAPE_COUNT);
    const question: UdpQuestion<ScrapeEntry[]> = {
      encode: (call) => encodeUdpScrape(asked, call),
      parse: (datagram) => parseUdpScraped(datagram, asked),
    };
    entries.push(...await ask(url, question, signal));
  }
  return entries;
}

async function ask<T>(
  url: string,
  question: UdpQuestion<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const place = placeOf(url);
  const addresses = await abortable(addressesOf(place), signal);
  const tracker = `${place.hostname} ${place.port}`;
  await using sockets = new UdpQuestionSockets();
  const kept = connections.take(tracker, performance.now());
  const dialogue = new UdpDialogue({
    question,
    addresses,
    connection: kept !== undefined && sockets.reopen(kept)
      ? kept.connection
      : undefined,
    createTransactionId: () => crypto.getRandomValues(new Uint32Array(1))[0]!,
  });
  const answer = await converse(dialogue, sockets, signal);
  const connection = dialogue.connection!;
  const localPort = sockets.portTo(connection.address);
  connections.keep(tracker, { connection, localPort });
  return answer;
}

async function converse<T>(
  dialogue: UdpDialogue<T>,
  sockets: UdpQuestionSockets,
  signal: AbortSignal,
): Promise<T> {
  const startedAtMs = performance.now();
  while (true) {
    const step = dialogue.next(performance.now());
    switch (step.type) {
      case "send":
        for (const address of step.to) sockets.send(step.datagram, address);
        break;
      case "wait": {
        const waitMs = Math.max(0, step.untilMs - performance.now());
        const arrived = await sockets.inbox.take(waitMs, signal);
        if (arrived === undefined) break;
        const { datagram, source } = arrived;
        const heard = dialogue.receive(datagram, source, performance.now());
        if (heard.type === "answer") return heard.answer;
        break;
      }
      case "giveUp": {
        const elapsedMs = Math.round(performance.now() - startedAtMs);
        const why = sockets.failure === undefined
          ? ""
          : ` (${sockets.failure})`;
        throw new TrackerError(`no answer within ${elapsedMs} ms${why}`);
      }
      default:
        step satisfies never;
    }
  }
}

/** @throws {TrackerError} If the URL names no port. */
function placeOf(url: string): TrackerPlace {
  const { host, port } = new URL(url);
  if (Number(port) === 0) {
    throw new TrackerError("it names no port, as in udp://tracker:8000");
  }
  // The name as it is asked for, which a URL has by itself where it knows its kind.
  const { hostname } = new URL(`http://${host}`);
  // IPv6 in a URL is in brackets.
  return { hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
}

async function addressesOf(
  { hostname, port }: TrackerPlace,
): Promise<PeerAddress[]> {
  try {
    const hostnames = await resolveHost(hostname);
    return hostnames.map((hostname) => ({ hostname, port }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TrackerError(`its address is not to be found: ${reason}`, {
      cause: error,
    });
  }
}
