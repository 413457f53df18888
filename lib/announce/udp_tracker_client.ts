/**
 * Sends announces and scrapes to UDP trackers. [BEP 15] Resolves the tracker's
 * name, performs the steps of a {@linkcode UdpDialogue} on sockets that live as
 * long as the request, and keeps connection ids for the next requests.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { BoundedMap } from "../base/bounded_map.ts";
import { TrackerError } from "../base/errors.ts";
import type { InfoHash } from "../base/identifier.ts";
import { withoutBrackets } from "../base/ip_address.ts";
import { joinSignals } from "../base/join_signals.ts";
import { formatPeerAddress, type PeerAddress } from "../base/peer_address.ts";
import { resolveHost } from "../net/node_modules.ts";
import { openUdpSocket, type UdpSocket } from "../net/udp_socket.ts";
import type {
  AnnounceReply,
  AnnounceRequest,
  ScrapeEntry,
} from "./announce.ts";
import {
  type UdpConnection,
  UdpDialogue,
  type UdpRequest,
} from "./udp_dialogue.ts";
import {
  encodeUdpAnnounce,
  encodeUdpScrape,
  MAX_UDP_SCRAPE_COUNT,
  type UdpFamily,
} from "./udp_request.ts";
import { parseUdpAnnounced, parseUdpScraped } from "./udp_response.ts";

/** Trackers whose connection ids are kept. */
const MAX_KEPT_CONNECTIONS = 100;
/** Unread datagrams; a flood loses the newest. */
const MAX_WAITING_DATAGRAMS = 64;

/** A connection id, and the local port from which alone some trackers accept it. */
type KeptConnection = readonly [connection: UdpConnection, localPort: number];

/**
 * A client of UDP trackers that keeps connection ids from one request to the next.
 * Its methods reject with a `TrackerError` if the tracker is silent, refuses or
 * cannot be found, and with the signal's reason once it is aborted.
 */
export class UdpTrackerClient {
  /** By host and port of the tracker. One in use is left out: two requests cannot share a port. */
  readonly #kept = new BoundedMap<string, KeptConnection>(MAX_KEPT_CONNECTIONS);

  announce(
    url: string,
    request: AnnounceRequest,
    signal: AbortSignal,
  ): Promise<AnnounceReply> {
    return this.#perform(url, {
      encode: (ids) => encodeUdpAnnounce(request, ids),
      parse: parseUdpAnnounced,
    }, signal);
  }

  /** Scrapes at least one torrent; unknown ones have counts of 0. */
  async scrape(
    url: string,
    infoHashes: readonly InfoHash[],
    signal: AbortSignal,
  ): Promise<ScrapeEntry[]> {
    if (infoHashes.length === 0) {
      throw new TrackerError(
        "no info hash is given, and a scrape of all torrents is not possible over UDP",
      );
    }
    const entries: ScrapeEntry[] = [];
    for (let at = 0; at < infoHashes.length; at += MAX_UDP_SCRAPE_COUNT) {
      const batch = infoHashes.slice(at, at + MAX_UDP_SCRAPE_COUNT);
      const scraped = await this.#perform(url, {
        encode: (ids) => encodeUdpScrape(batch, ids),
        parse: (datagram) => parseUdpScraped(datagram, batch),
      }, signal);
      entries.push(...scraped);
    }
    return entries;
  }

  async #perform<T>(
    url: string,
    request: UdpRequest<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const tracker = hostOf(url);
    const addresses = await abortable(addressesOf(tracker), signal);
    await using sockets = new RequestSockets();
    const key = formatPeerAddress(tracker);
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    const dialogue = new UdpDialogue({
      request,
      addresses,
      connection: kept && sockets.reopen(...kept) ? kept[0] : undefined,
      createTransactionId: () => crypto.getRandomValues(new Uint32Array(1))[0]!,
    });
    const answer = await run(dialogue, sockets, signal);
    const connection = dialogue.connection!;
    this.#kept.set(key, [connection, sockets.portTo(connection.address)]);
    return answer;
  }
}

async function run<T>(
  dialogue: UdpDialogue<T>,
  sockets: RequestSockets,
  signal: AbortSignal,
): Promise<T> {
  const startedAtMs = performance.now();
  for (;;) {
    const step = dialogue.next(performance.now());
    switch (step.type) {
      case "send":
        for (const address of step.to) sockets.send(step.datagram, address);
        break;
      case "wait": {
        const waitMs = Math.max(0, step.untilMs - performance.now());
        const arrived = await sockets.receive(waitMs, signal);
        const result = arrived && dialogue.receive(...arrived);
        if (result !== undefined) return result.answer;
        break;
      }
      case "giveUp": {
        const elapsedMs = Math.round(performance.now() - startedAtMs);
        const why = sockets.failure && ` (${sockets.failure})`;
        throw new TrackerError(`no answer within ${elapsedMs} ms${why ?? ""}`);
      }
      default:
        step satisfies never;
    }
  }
}

const WILDCARDS = { ipv4: "0.0.0.0", ipv6: "::" } as const;

/** A datagram, its source, and the time in milliseconds. */
type Arrival = [datagram: Uint8Array, source: PeerAddress, nowMs: number];

/** The sockets of one request, one for each family, and the datagrams that arrived. */
class RequestSockets implements AsyncDisposable {
  readonly #sockets = new Map<UdpFamily, UdpSocket>();
  /** The last failure that the system reported. */
  failure: string | undefined;
  readonly #arrived: Arrival[] = [];
  #arrival = Promise.withResolvers<void>();

  /** @throws {TrackerError} If no socket can be opened. */
  send(datagram: Uint8Array, to: PeerAddress): void {
    const family = familyOf(to);
    let socket = this.#sockets.get(family);
    try {
      socket ??= this.#open(family, 0);
    } catch (error) {
      throw failure("cannot open a UDP socket", error);
    }
    socket.send(datagram, to, (error) => this.failure = error.message);
  }

  /** Opens the local port of a connection. Returns whether it was free. */
  reopen({ address }: UdpConnection, localPort: number): boolean {
    try {
      this.#open(familyOf(address), localPort);
      return true;
    } catch {
      // Harmless: `send` opens another port, and reports if it cannot.
      return false;
    }
  }

  /** The local port from which the address was sent to. */
  portTo(address: PeerAddress): number {
    return this.#sockets.get(familyOf(address))!.port;
  }

  /**
   * The next datagram; `undefined` if none comes in time.
   * @throws The signal's reason, once it is aborted.
   */
  async receive(
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Arrival | undefined> {
    if (this.#arrived.length === 0) {
      this.#arrival = Promise.withResolvers();
      using ending = joinSignals(AbortSignal.timeout(timeoutMs), signal);
      // Harmless: no datagram came, or the signal is aborted.
      await abortable(this.#arrival.promise, ending.signal).catch(() => {});
    }
    signal.throwIfAborted();
    return this.#arrived.shift();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sockets = [...this.#sockets.values()];
    await Promise.all(sockets.map((socket) => socket.close()));
  }

  #open(family: UdpFamily, port: number): UdpSocket {
    const socket = openUdpSocket({
      hostname: WILDCARDS[family],
      port,
      onDatagram: (datagram, source) => {
        if (this.#arrived.length >= MAX_WAITING_DATAGRAMS) return;
        this.#arrived.push([datagram, source, performance.now()]);
        this.#arrival.resolve();
      },
      onError: reportError,
      onTrouble: (error) => this.failure = error.message,
    });
    this.#sockets.set(family, socket);
    return socket;
  }
}

function familyOf({ hostname }: PeerAddress): UdpFamily {
  return hostname.includes(":") ? "ipv6" : "ipv4";
}

/** @throws {TrackerError} If the URL has no port. */
function hostOf(url: string): PeerAddress {
  const { host, port } = new URL(url);
  if (Number(port) === 0) {
    throw new TrackerError("it has no port, as in udp://tracker:8000");
  }
  // Only URLs of a known scheme have their host names in ASCII (punycode).
  const { hostname } = new URL(`http://${host}`);
  return { hostname: withoutBrackets(hostname), port: Number(port) };
}

/**
 * One address of each family that the host has, as the system resolves its name.
 * @throws {TrackerError} If the host has no address.
 */
async function addressesOf(
  { hostname, port }: PeerAddress,
): Promise<PeerAddress[]> {
  try {
    const found = (await resolveHost(hostname))
      .map((hostname) => ({ hostname, port }));
    return [...Map.groupBy(found, familyOf).values()].map(([first]) => first!);
  } catch (error) {
    throw failure("its address cannot be found", error);
  }
}

function failure(action: string, cause: unknown): TrackerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TrackerError(`${action}: ${reason}`, { cause });
}
