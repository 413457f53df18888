/**
 * Who is connected, who may join, and who makes room. One peer has one
 * connection, a banned host has none, and while several hosts want in none of
 * them has more places than it must: whoever opens many connections, with as many
 * names as it likes, keeps nobody out. Several peers at one address have all the
 * places that others leave.
 *
 * @module
 */
import type { PeerId } from "../base/identifier.ts";
import type { DisconnectReason, PeerIntroduction, PeerKey } from "./events.ts";
import type { PeerState } from "./peer_state.ts";

/** Who has said nothing for so long since its handshake gives way to another, in milliseconds. */
const MUTE_MS = 5_000;

/** What becomes of a peer that wants to join. */
export type Admission =
  | { readonly type: "refused"; readonly reason: DisconnectReason }
  | {
    readonly type: "taken";
    /** Who leaves for it, and why. */
    readonly instead:
      | {
        readonly peer: PeerState;
        readonly reason: DisconnectReason;
        readonly detail: string;
      }
      | undefined;
  };

/** What a roster is made for. */
export interface RosterOptions {
  readonly ownId: PeerId;
  /** Connections at once. */
  readonly maxPeers: number;
}

/** The connections of one torrent. */
export class Roster {
  readonly #options: RosterOptions;
  readonly #peers = new Map<PeerKey, PeerState>();
  readonly #banned = new Set<string>();

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  /** Live. */
  get peers(): ReadonlyMap<PeerKey, PeerState> {
    return this.#peers;
  }

  get isFull(): boolean {
    return this.#peers.size >= this.#options.maxPeers;
  }

  isBanned(hostname: string): boolean {
    return this.#banned.has(hostname);
  }

  /** No peer at this address may join any more. False if that is no news. */
  ban(hostname: string): boolean {
    if (this.#banned.has(hostname)) return false;
    this.#banned.add(hostname);
    return true;
  }

  add(peer: PeerState): void {
    this.#peers.set(peer.key, peer);
  }

  /** The peer is gone; `undefined` if it was not here. */
  remove(key: PeerKey): PeerState | undefined {
    const peer = this.#peers.get(key);
    this.#peers.delete(key);
    return peer;
  }

  /** Whether a peer may join; nothing is changed by it. */
  judge(introduction: PeerIntroduction, now: number): Admission {
    const { id, hostname } = introduction;
    if (id === this.#options.ownId) return refused("ownPeerId");
    if (this.#banned.has(hostname)) return refused("banned");
    const twin = this.#findTwin(introduction);
    if (twin !== undefined) {
      return this.#replaces(introduction, twin)
        ? takenFor(twin, "duplicate", "it has another connection")
        : refused("duplicate");
    }
    if (!this.isFull) return { type: "taken", instead: undefined };
    const guest = this.#spareGuest(hostname, now);
    return guest === undefined
      ? refused("full")
      : takenFor(guest, "full", "another needs its place more");
  }

  /** Whether a peer of the host may join, as far as places go. */
  hasPlaceFor(hostname: string, now: number): boolean {
    return !this.isFull || this.#spareGuest(hostname, now) !== undefined;
  }

  /** Who leaves for a peer of the host, if anybody is to. */
  #spareGuest(hostname: string, now: number): PeerState | undefined {
    // In the order in which they came.
    const mute = this.#peers.values().find((peer) =>
      !peer.hasSpoken && now - peer.joinedAt >= MUTE_MS
    );
    return mute ?? this.#crowdMember(hostname, now);
  }

  /**
   * Another connection with the same peer. Anybody can claim an id: from another
   * host it does not make a twin, or a stranger could take a seeder's place.
   */
  #findTwin({ id, hostname }: PeerIntroduction): PeerState | undefined {
    for (const peer of this.#peers.values()) {
      if (peer.id === id && peer.hostname === hostname) return peer;
    }
    return undefined;
  }

  /**
   * Of two connections between the same peers, both ends must drop the same one:
   * the one that the peer with the greater id dialed stays. Two dialed by the
   * same end: the older stays.
   */
  #replaces(introduction: PeerIntroduction, twin: PeerState): boolean {
    if (twin.isOutgoing === introduction.isOutgoing) return false;
    return introduction.isOutgoing ===
      (this.#options.ownId > introduction.id);
  }

  /**
   * Who leaves for a peer of `hostname`: of the host with most connections the one
   * that moves least, and of those the youngest; `undefined` if that host would
   * have no more than the other then.
   */
  #crowdMember(hostname: string, now: number): PeerState | undefined {
    const crowds = Map.groupBy(this.#peers.values(), (peer) => peer.hostname);
    let crowd: PeerState[] = [];
    for (const members of crowds.values()) {
      if (members.length > crowd.length) crowd = members;
    }
    const ownCount = crowds.get(hostname)?.length ?? 0;
    if (crowd.length <= ownCount + 1) return undefined;
    // As it came: of equals the last is the youngest.
    return crowd.reduce((least, peer) =>
      bytesPerSecond(peer, now) <= bytesPerSecond(least, now) ? peer : least
    );
  }
}

function bytesPerSecond(peer: PeerState, now: number): number {
  return peer.downloadRate.bytesPerSecond(now) +
    peer.uploadRate.bytesPerSecond(now);
}

function refused(reason: DisconnectReason): Admission {
  return { type: "refused", reason };
}

function takenFor(
  peer: PeerState,
  reason: DisconnectReason,
  detail: string,
): Admission {
  return { type: "taken", instead: { peer, reason, detail } };
}
