/**
 * Decides which peers are connected; `uploads.ts` decides which of them may request. One
 * peer has one connection, a banned host has none. When every slot is taken, a peer that
 * never spoke is evicted for a new one, an idle peer for one that dials us, and a peer of
 * the most connected host for one of a host with fewer connections. So neither many
 * connections, nor many peer ids, nor hosts that reconnect and stay idle keep others out.
 *
 * @module
 */
import { BoundedMap } from "../base/bounded_map.ts";
import { BLOCK_SIZE } from "../metainfo/geometry.ts";
import type {
  Disconnection,
  DisconnectReason,
  PeerIntroduction,
  PeerKey,
} from "./events.ts";
import { Peer, type SwarmOptions } from "./peer.ts";
import type { Source } from "./source.ts";
import type { PeerUpload } from "./upload_order.ts";

/** A connected peer, and each half's state for the peer. */
export interface PeerState {
  readonly peer: Peer;
  readonly source: Source;
  readonly upload: PeerUpload;
}

/** A peer that moves less is idle, in bytes a second: one block in five seconds. */
const IDLE_RATE = BLOCK_SIZE / 5;

/** Hosts whose idle time is remembered. */
const MAX_IDLE_HOSTS = 1024;

export class PeerSlots {
  readonly #options:
    & SwarmOptions
    & Required<Pick<SwarmOptions, "hostOf" | "isStalled">>;
  readonly #peers = new Map<PeerKey, PeerState>();
  /** Oldest first. */
  readonly peers: ReadonlyMap<PeerKey, PeerState> = this.#peers;
  readonly #banned = new Set<string>();
  /** Age of a host's last connection if it ended idle, with that of earlier ones, in milliseconds. */
  readonly #idleMs = new BoundedMap<string, number>(MAX_IDLE_HOSTS);

  constructor(options: SwarmOptions) {
    const { hostOf = (hostname) => hostname, isStalled = () => false } =
      options;
    this.#options = { ...options, hostOf, isStalled };
  }

  /** Bans a host from this torrent. Returns false if the host was banned already. */
  ban(hostname: string): boolean {
    const isNew = !this.#banned.has(hostname);
    this.#banned.add(hostname);
    return isNew;
  }

  add(state: PeerState): void {
    this.#peers.set(state.peer.key, state);
  }

  /** A peer that joins now. */
  createPeer(introduction: PeerIntroduction, now: number): Peer {
    const { hostOf, geometry: { pieceCount } } = this.#options;
    const host = hostOf(introduction.hostname);
    const idleMs = this.#idleMs.peek(host) ?? 0;
    return new Peer(introduction, { now, host, idleMs, pieceCount });
  }

  /** `undefined` if there is no such peer. */
  remove(key: PeerKey, now: number): PeerState | undefined {
    const state = this.#peers.get(key);
    if (state === undefined) return undefined;
    this.#peers.delete(key);
    const { peer } = state;
    if (this.#isIdle(state, now)) this.#idleMs.set(peer.host, peer.age(now));
    else this.#idleMs.delete(peer.host);
    return state;
  }

  /** The connection to close when a peer joins: the new one if the peer is refused. Changes nothing. */
  judge(
    introduction: PeerIntroduction,
    now: number,
  ): Disconnection | undefined {
    const { id, hostname } = introduction;
    const refused = (reason: DisconnectReason): Disconnection => (
      { peer: introduction.peer, reason, detail: hostname }
    );
    if (id === this.#options.ownId) return refused("ownPeerId");
    if (this.#banned.has(hostname)) return refused("banned");
    const twin = this.#findTwin(introduction);
    if (twin !== undefined) {
      if (!this.#replaces(introduction, twin)) return refused("duplicate");
      const detail = "it has another connection";
      return { peer: twin.key, reason: "duplicate", detail };
    }
    if (!this.#isFull) return undefined;
    const evicted = this.#findEvictable(introduction, now);
    if (evicted === undefined) return refused("full");
    const detail = "another host needs its connection more";
    return { peer: evicted.key, reason: "full", detail };
  }

  /** True if a peer of the host that we dial would get a connection slot. */
  hasSlotFor(hostname: string, now: number): boolean {
    const dialed = { hostname, isOutgoing: true };
    return !this.#isFull || this.#findEvictable(dialed, now) !== undefined;
  }

  get #isFull(): boolean {
    return this.#peers.size >= this.#options.maxPeers;
  }

  /** Another connection of the same peer: same id and same host, as a peer can claim any id. */
  #findTwin({ id, hostname }: PeerIntroduction): Peer | undefined {
    return this.#peers.values().find(({ peer }) =>
      peer.id === id && peer.hostname === hostname
    )?.peer;
  }

  /** Both ends keep the connection that the peer with the greater id dialed; of two that one end dialed, the older. */
  #replaces({ id, isOutgoing }: PeerIntroduction, twin: Peer): boolean {
    return isOutgoing !== twin.isOutgoing &&
      isOutgoing === (this.#options.ownId > id);
  }

  /**
   * The peer to evict for a new peer of the host: the oldest that never spoke. Else, if
   * the new peer dials us, the oldest idle peer of a host with more connections. Else
   * the slowest peer of the most connected host, if that host still has more then.
   */
  #findEvictable(
    { hostname, isOutgoing }: Pick<PeerIntroduction, "hostname" | "isOutgoing">,
    now: number,
  ): Peer | undefined {
    const states = [...this.#peers.values()];
    const mute = states.find(({ peer }) => peer.isMute(now));
    if (mute !== undefined) return mute.peer;
    const crowds = Map.groupBy(states, ({ peer }) => peer.host);
    const ownCount = crowds.get(this.#options.hostOf(hostname))?.length ?? 0;
    const idle = states.find((state) =>
      !isOutgoing && state.peer.isSettled(now) && this.#isIdle(state, now) &&
      crowds.get(state.peer.host)!.length > ownCount
    );
    if (idle !== undefined) return idle.peer;
    let crowd: PeerState[] = [];
    for (const members of crowds.values()) {
      if (members.length > crowd.length) crowd = members;
    }
    if (crowd.length <= ownCount + 1) return undefined;
    return crowd.reduce((least, state) =>
      rateOf(state, now) <= rateOf(least, now) ? state : least
    ).peer;
  }

  /** True if a peer transfers next to nothing, and waits neither for an upload slot, nor for the upload limit, nor for blocks. */
  #isIdle(state: PeerState, now: number): boolean {
    const { peer, upload, source: { requests } } = state;
    const waits = upload.weChoke && upload.peerIsInterested ||
      upload.hasRequests && !this.#options.isStalled(peer.key) ||
      requests.size > 0 && !requests.isSnubbed;
    return !waits && rateOf(state, now) < IDLE_RATE;
  }
}

/** In bytes a second, both directions together. */
function rateOf({ source, upload }: PeerState, now: number): number {
  return source.rate.perSecond(now) + upload.rate.perSecond(now);
}
