/**
 * A connected peer as every part of the engine knows it, and what the parts share.
 * Each part keeps state of its own for each peer, which no other part writes:
 * `PeerDownload`, `PeerUpload` and `PeerProfile`, together a `PeerState`.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import type { PeerId } from "../base/identifier.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import { NO_EXTENSIONS, type WireExtensions } from "../wire/handshake.ts";
import type { ControlMessage } from "../wire/message.ts";
import type { PeerIntroduction, PeerKey, SwarmAction } from "./events.ts";

/** Milliseconds without a message after which a connection sends a keep-alive. [BEP 3] */
export const KEEP_ALIVE_INTERVAL = 120_000;
/** A peer that is silent for longer is disconnected: two keep-alives and some slack. */
export const IDLE_TIMEOUT_MS = 2 * KEEP_ALIVE_INTERVAL + 10_000;
/** A peer that is silent for longer since its handshake gives way to another. */
const MUTE_TIMEOUT_MS = 5_000;

/** The identity of one connection. */
export class Peer {
  readonly key: PeerKey;
  readonly id: PeerId;
  readonly hostname: string;
  readonly isOutgoing: boolean;
  /** Extensions that both ends support. */
  readonly extensions: WireExtensions;
  readonly activity: PeerActivity;

  constructor(introduction: PeerIntroduction, now: number) {
    this.key = introduction.peer;
    this.id = introduction.id;
    this.hostname = introduction.hostname;
    this.isOutgoing = introduction.isOutgoing;
    this.extensions = introduction.extensions ?? NO_EXTENSIONS;
    this.activity = new PeerActivity(now);
  }
}

/** When a connection was used. */
export class PeerActivity {
  readonly #joinedAt: number;
  #hasSpoken = false;
  #sentAt: number;
  #receivedAt: number;

  constructor(now: number) {
    this.#joinedAt = now;
    this.#sentAt = now;
    this.#receivedAt = now;
  }

  sent(now: number): void {
    this.#sentAt = now;
  }

  received(now: number): void {
    this.#hasSpoken = true;
    this.#receivedAt = now;
  }

  /** Nothing could be received for a while, in milliseconds: the peer was not silent. */
  forgiveSilence(ms: number): void {
    this.#receivedAt += ms;
  }

  /** Whether the peer has been silent for too long. */
  isIdle(now: number): boolean {
    return now - this.#receivedAt >= IDLE_TIMEOUT_MS;
  }

  /** Whether the peer has sent nothing since its handshake, for a while. */
  isMute(now: number): boolean {
    return !this.#hasSpoken && now - this.#joinedAt >= MUTE_TIMEOUT_MS;
  }

  needsKeepAlive(now: number): boolean {
    return now - this.#sentAt >= KEEP_ALIVE_INTERVAL;
  }
}

/** What the parts of one swarm share. */
export interface SwarmContext {
  readonly geometry: Geometry;
  /** The pieces that are verified and stored. */
  readonly have: Bitfield;
  readonly emit: (action: SwarmAction) => void;
  /** Emits a message to a peer. */
  readonly send: (peer: Peer, message: ControlMessage, now: number) => void;
}
