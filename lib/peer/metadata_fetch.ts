/**
 * Fetches the metadata of a magnet link [BEP 9]: the loop that turns sockets and time
 * into events of the engine `MetadataDownload`, and performs the engine's actions. Knows
 * no content, and rejects requests for metadata, as it has none.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { UNKNOWN_LEFT } from "../announce/announce.ts";
import { FetchError, quote } from "../base/errors.ts";
import { guardListener } from "../base/guard_listener.ts";
import { infoHashFromBytes } from "../base/identifier.ts";
import { joinSignals } from "../base/join_signals.ts";
import { isPrivileged, type PeerAddress } from "../base/peer_address.ts";
import type { AddressSource } from "../dialing/address_book.ts";
import type { ConnectionEnd } from "../dialing/dialer.ts";
import { sha1 } from "../disk/sha1.ts";
import {
  type MetadataAction,
  MetadataDownload,
  type MetadataEvent,
} from "../metadata/metadata_download.ts";
import type { MetadataMessage } from "../metadata/metadata_message.ts";
import { MetadataPeer } from "../metadata/metadata_peer.ts";
import type { MagnetLink } from "../metainfo/magnet_link.ts";
import { resolveHost } from "../net/node_modules.ts";
import type { PeerKey } from "../swarm/events.ts";
import type { ExtendedMessage } from "../wire/message.ts";
import { MAX_FRAME_LENGTH } from "../wire/read_message.ts";
import type { HandshakenChannel } from "./peer_channel.ts";
import { PeerConnection } from "./peer_connection.ts";
import { PeerDialing } from "./peer_dialing.ts";
import type { ConnectionContext, SessionContext } from "./session_context.ts";
import type { FetchMetadataOptions, MagnetEvent } from "./session_report.ts";

const TICK_MS = 1_000;
/** Time for a peer to offer metadata, in milliseconds; without an offer others are dialed in its place. */
const OFFER_WAIT_MS = 3_000;
/** Messages about pieces that a peer may send for free, as the number of pieces is unknown. */
const FREE_PIECE_MESSAGES = 65_536;

interface Contact {
  /** The host that the peer's address counts for. */
  readonly host: string;
  readonly connection: PeerConnection;
  readonly remote: MetadataPeer;
  readonly sinceMs: number;
}

export class MetadataFetch {
  readonly #link: MagnetLink;
  readonly #session: SessionContext;
  readonly #emit: (event: MagnetEvent) => void;
  readonly #download: MetadataDownload;
  readonly #dialing: PeerDialing;
  readonly #context: ConnectionContext;
  readonly #contacts = new Map<PeerKey, Contact>();
  /** The peers that have offered metadata, or still may: the dialer counts only these. */
  readonly #hopes = new Map<PeerKey, MetadataPeer>();
  readonly #banned = new Set<string>();
  readonly #result = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  readonly #ending = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /** The last failure of a tracker, for our error message. */
  #trackerFailure: string | undefined;
  #hasMismatched = false;

  constructor(
    link: MagnetLink,
    session: SessionContext,
    { onEvent }: Pick<FetchMetadataOptions, "onEvent">,
  ) {
    this.#link = link;
    this.#session = session;
    this.#emit = guardListener(onEvent);
    const { infoHash, trackers } = link;
    this.#download = new MetadataDownload((info) =>
      infoHashFromBytes(sha1(info)) === infoHash
    );
    this.#context = {
      ...session,
      pieceCount: FREE_PIECE_MESSAGES,
      maxFrameLength: MAX_FRAME_LENGTH,
      readBlock: () => undefined,
      onBlocksSent: () => {},
      onMessage: (from, message) => {
        const contact = this.#contacts.get(from);
        if (message.type !== "extended" || contact === undefined) return;
        this.#receive(contact, message);
      },
    };
    this.#dialing = new PeerDialing(session, {
      infoHash,
      signal: this.#ending.signal,
      connections: { peers: this.#hopes, hasSlotFor: () => true },
      onPeer: (channel, address) => this.adopt(channel, address),
      tiers: trackers.map((url) => [url]),
      progress: () => ({ uploaded: 0, downloaded: 0, left: UNKNOWN_LEFT }),
      onReport: (report) => {
        if (report.type === "announceFailed") {
          this.#trackerFailure = report.reason.replace(/^C/, "c");
        }
        this.#emit(report);
      },
    });
  }

  /**
   * Fetches the raw info dictionary; once.
   * @throws {FetchError} If no peer has sent it in time.
   */
  async run(
    { signal, timeoutMs = Infinity }: FetchMetadataOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    using joined = joinSignals(signal, this.#ending.signal);
    const endMs = performance.now() + timeoutMs;
    const timer = setInterval(() => {
      if (performance.now() < endMs) this.#tick();
      else this.#result.reject(this.#failure(timeoutMs));
    }, Math.min(TICK_MS, timeoutMs));
    const announcing = this.#dialing.announcer.run(this.#ending.signal);
    let isFetched = false;
    try {
      this.#dialLinked();
      const info = await abortable(this.#result.promise, joined.signal);
      isFetched = true;
      return info;
    } finally {
      clearInterval(timer);
      this.stop();
      // The session announces the torrent at once, as the same peer.
      if (!isFetched) await this.#dialing.announcer.stop();
      await Promise.all([announcing, ...this.#running]);
    }
  }

  stop(): void {
    this.#ending.abort();
    for (const { connection } of this.#contacts.values()) connection.close();
  }

  /** The addresses of connected peers, for the session that follows. */
  get peers(): PeerAddress[] {
    return [...this.#contacts.values()].flatMap(
      ({ connection: { dialed }, remote: { peer } }) => {
        if (dialed !== undefined) return [dialed];
        const { hostname, listenPort: port } = peer;
        const isKnown = port !== undefined && !isPrivileged(port);
        return isKnown ? [{ hostname, port }] : [];
      },
    );
  }

  /** Dials these peers too, such as those of the local network. [BEP 14] */
  addPeers(addresses: Iterable<PeerAddress>, source: AddressSource): void {
    this.#dialing.learn(source, addresses);
  }

  /** Takes over a channel; `dialed` is the address if we dialed it. */
  adopt({ channel, handshake }: HandshakenChannel, dialed?: PeerAddress): void {
    if (this.#ending.signal.aborted) return channel.close();
    const { hostname } = channel;
    const { ownId, handleLimit, createPeerKey, port: ownPort } = this.#session;
    const host = this.#session.hostOf(hostname);
    const { extensions } = handshake;
    const sinceMs = performance.now();
    const refusal: ConnectionEnd | undefined = handshake.peerId === ownId
      ? "ownPeerId"
      : this.#banned.has(host)
      ? "banned"
      : !extensions.extended
      ? "protocol"
      : !this.#makeRoom(host) || !handleLimit.add(channel, sinceMs)
      ? "full"
      : undefined;
    if (refusal !== undefined) {
      channel.close();
      return this.#dialing.ended(dialed, refusal);
    }
    const key = createPeerKey();
    const options = { key, channel, dialed };
    const connection = new PeerConnection(options, this.#context);
    const dialedPort = dialed?.port;
    const remote = new MetadataPeer({ hostname, dialedPort, ownPort });
    const contact = { host, connection, remote, sinceMs };
    this.#contacts.set(key, contact);
    this.#hopes.set(key, remote);
    this.#emit({ type: "peerConnected", address: connection.address });
    if (extensions.fast) connection.outbox.send({ type: "haveNone" });
    connection.outbox.send(remote.greeting);
    const running = this.#runConnection(contact)
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #runConnection({ connection }: Contact): Promise<void> {
    const { key, dialed } = connection;
    await connection.run();
    this.#session.handleLimit.delete(connection.channel);
    // Connections closed at the end stay in `#contacts`, for `peers`.
    if (this.#ending.signal.aborted) return;
    this.#contacts.delete(key);
    this.#hopes.delete(key);
    this.#apply({ type: "left", peer: key });
    this.#dialing.ended(dialed, connection.end.reason);
  }

  /** Frees a slot for a host if none is free: evicts a peer without metadata, or a peer of the most connected host. Returns false if neither exists. */
  #makeRoom(host: string): boolean {
    if (this.#contacts.size < this.#session.maxPeers) return true;
    const contacts = [...this.#contacts.values()];
    const hosts = Map.groupBy(contacts, ({ host }) => host);
    const crowd = [...hosts.values()]
      .reduce((one, other) => other.length > one.length ? other : one);
    const hasMore = crowd.length > (hosts.get(host)?.length ?? 0) + 1;
    const isUseless = ({ connection }: Contact): boolean =>
      !this.#hopes.has(connection.key);
    const leaving = contacts.find(isUseless) ??
      (hasMore ? crowd[0] : undefined);
    const detail = "another peer may have metadata";
    leaving?.connection.close({ reason: "full", detail });
    return leaving !== undefined;
  }

  /** @throws {ProtocolError} If the message is malformed. */
  #receive(
    { host, connection, remote }: Contact,
    message: ExtendedMessage,
  ): void {
    const { key: peer } = connection;
    const news = remote.receive(message);
    switch (news?.type) {
      case "offered":
        this.#hopes.set(peer, remote);
        this.#apply({ ...news, peer, hostname: host });
        break;
      case "received":
        if (news.message.type !== "request") this.#apply({ ...news, peer });
        else this.#send(peer, { ...news.message, type: "reject" });
        break;
      case "exchanged":
        this.#dialing.learn("exchange", news.addresses);
        break;
    }
  }

  #send(peer: PeerKey, message: MetadataMessage): void {
    const contact = this.#contacts.get(peer);
    const encoded = contact?.remote.encode(message);
    if (encoded !== undefined) contact?.connection.outbox.send(encoded);
  }

  /** @throws {ProtocolError} If a peer's message contradicts what it offered. */
  #apply(event: MetadataEvent): void {
    const actions = this.#download.apply(event, performance.now());
    for (const action of actions) this.#perform(action);
  }

  #perform(action: MetadataAction): void {
    switch (action.type) {
      case "request":
        this.#send(action.peer, action);
        break;
      case "mismatched":
        this.#hasMismatched = true;
        this.#emit({ ...action, type: "metadataMismatched" });
        break;
      case "ban":
        this.#banned.add(action.hostname);
        this.#emit({ ...action, type: "metadataPeerBanned" });
        this.#contacts.get(action.peer)?.connection.close(
          { reason: "banned", detail: "it sent wrong metadata" },
        );
        break;
      case "fetched":
        this.#result.resolve(action.info);
        break;
      default:
        action satisfies never;
    }
  }

  #tick(): void {
    const now = performance.now();
    for (const [key, { remote, sinceMs }] of this.#contacts) {
      const isOver = now - sinceMs >= OFFER_WAIT_MS;
      if (isOver && !remote.hasMetadata) this.#hopes.delete(key);
    }
    this.#apply({ type: "tick" });
    this.#dialing.apply({ type: "tick" });
    if (this.#hopes.size === 0) this.#dialing.announcer.requestMorePeers();
  }

  #dialLinked(): void {
    for (const { hostname, port } of this.#link.peers) {
      resolveHost(hostname)
        // Harmless: the peer may be gone, or its name known only in another network.
        .catch(() => [])
        .then((hostnames) => {
          const addresses = hostnames.map((hostname) => ({ hostname, port }));
          this.#dialing.learn("tracker", addresses);
        });
    }
  }

  #failure(timeoutMs: number): FetchError {
    const { name, infoHash } = this.#link;
    const what = name === undefined ? infoHash : quote(name);
    return new FetchError(
      `Cannot fetch ${what}: no peer sent the torrent's metadata within ` +
        `${timeoutMs / 1000} s: ${this.#failureReason}`,
    );
  }

  get #failureReason(): string {
    const contacts = [...this.#contacts.values()];
    if (this.#hasMismatched) return "what peers sent was not the torrent's";
    if (contacts.some(({ remote }) => remote.hasMetadata)) {
      return "those that have it do not send it";
    }
    return contacts.length > 0
      ? `none of the ${contacts.length} connected has it yet`
      : this.#trackerFailure ?? "no peer was found";
  }
}
