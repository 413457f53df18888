/**
 * Decides which peers are connected. One peer has one connection, a banned host has
 * none. When every slot is taken, a host with many connections gives one up for a
 * host with fewer: no number of connections or peer ids keeps other hosts out.
 * Several peers at one address have all the slots that others leave free.
 *
 * @module
 */
import type { PeerId } from "../base/identifier.ts";
import type { DisconnectReason, PeerIntroduction, PeerKey } from "./events.ts";
import type { PeerProfile } from "./extensions.ts";
import type { Peer } from "./peer.ts";
import type { Source } from "./sources.ts";
import type { PeerUpload } from "./uploads.ts";

/** A connected peer: its identity, and the state that each part of the engine keeps of it. */
export interface PeerState {
  readonly peer: Peer;
  readonly source: Source;
  readonly upload: PeerUpload;
  readonly profile: PeerProfile;
}

/** Whether a peer may join. */
export type Admission =
  | { readonly type: "refused"; readonly reason: DisconnectReason }
  | { readonly type: "admitted"; readonly evicted: Eviction | undefined };

/** A peer that leaves for another. */
export interface Eviction {
  readonly peer: PeerKey;
  readonly reason: DisconnectReason;
  readonly detail: string;
}

/** What slots are created with. */
export interface PeerSlotsOptions {
  readonly ownId: PeerId;
  /** Number of slots. */
  readonly maxPeers: number;
}

/** The connections of one torrent. */
export class PeerSlots {
  readonly #options: PeerSlotsOptions;
  readonly #peers = new Map<PeerKey, PeerState>();
  readonly #banned = new Set<string>();

  constructor(options: PeerSlotsOptions) {
    this.#options = options;
  }

  /** Live, oldest first. */
  get peers(): ReadonlyMap<PeerKey, PeerState> {
    return this.#peers;
  }

  isBanned(hostname: string): boolean {
    return this.#banned.has(hostname);
  }

  /** Admits no peer of the host any more. False if it is banned already. */
  ban(hostname: string): boolean {
    if (this.#banned.has(hostname)) return false;
    this.#banned.add(hostname);
    return true;
  }

  add(state: PeerState): void {
    this.#peers.set(state.peer.key, state);
  }

  /** `undefined` if there is no such peer. */
  remove(key: PeerKey): PeerState | undefined {
    const state = this.#peers.get(key);
    this.#peers.delete(key);
    return state;
  }

  /** Decides whether a peer may join; changes nothing. */
  judge(introduction: PeerIntroduction, now: number): Admission {
    const { id, hostname } = introduction;
    if (id === this.#options.ownId) return refused("ownPeerId");
    if (this.#banned.has(hostname)) return refused("banned");
    const twin = this.#findTwin(introduction);
    if (twin !== undefined) {
      return this.#replaces(introduction, twin)
        ? admitted(twin, "duplicate", "it has another connection")
        : refused("duplicate");
    }
    if (!this.#isFull) return { type: "admitted", evicted: undefined };
    const evicted = this.#findEvictable(hostname, now);
    return evicted === undefined
      ? refused("full")
      : admitted(evicted, "full", "another host needs its slot more");
  }

  /** Whether there is a slot for a peer of the host. */
  hasSlotFor(hostname: string, now: number): boolean {
    return !this.#isFull || this.#findEvictable(hostname, now) !== undefined;
  }

  get #isFull(): boolean {
    return this.#peers.size >= this.#options.maxPeers;
  }

  /** The peer that leaves for one of the host, if any does: the oldest that never spoke, or one of a crowd. */
  #findEvictable(hostname: string, now: number): Peer | undefined {
    for (const { peer } of this.#peers.values()) {
      if (peer.activity.isMute(now)) return peer;
    }
    return this.#findInCrowd(hostname, now);
  }

  /**
   * Another connection with the same peer. A peer can claim any id: from another host
   * it is no twin, or a stranger could take a seeder's slot.
   */
  #findTwin({ id, hostname }: PeerIntroduction): Peer | undefined {
    for (const { peer } of this.#peers.values()) {
      if (peer.id === id && peer.hostname === hostname) return peer;
    }
    return undefined;
  }

  /**
   * Both ends must drop the same one of two connections: the one that the peer with
   * the greater id dialed stays. Of two dialed by the same end, the older stays.
   */
  #replaces(introduction: PeerIntroduction, twin: Peer): boolean {
    const { id, isOutgoing } = introduction;
    return isOutgoing !== twin.isOutgoing &&
      isOutgoing === (this.#options.ownId > id);
  }

  /**
   * Of the host with most connections the one that moves least, the youngest of
   * equals; `undefined` if that host would have no more than `hostname` then.
   */
  #findInCrowd(hostname: string, now: number): Peer | undefined {
    const crowds = Map.groupBy(
      this.#peers.values(),
      ({ peer }) => peer.hostname,
    );
    let crowd: PeerState[] = [];
    for (const members of crowds.values()) {
      if (members.length > crowd.length) crowd = members;
    }
    const ownCount = crowds.get(hostname)?.length ?? 0;
    if (crowd.length <= ownCount + 1) return undefined;
    const rate = ({ source, upload }: PeerState): number =>
      source.rate.bytesPerSecond(now) + upload.rate.bytesPerSecond(now);
    return crowd.reduce((least, state) =>
      rate(state) <= rate(least) ? state : least
    ).peer;
  }
}

function refused(reason: DisconnectReason): Admission {
  return { type: "refused", reason };
}

function admitted(
  { key }: Peer,
  reason: DisconnectReason,
  detail: string,
): Admission {
  return { type: "admitted", evicted: { peer: key, reason, detail } };
}
