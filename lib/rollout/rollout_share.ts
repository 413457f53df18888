/**
 * A share of a rollout: its end, and its unplug light. The light counts the pieces that
 * no other host has, among hosts that can be reached and stay. Invariant: a piece of
 * unknown availability counts as only here, so that the light is never green too early.
 * The light believes the reports and announces of hosts. Pure.
 *
 * @module
 */
import type { PeerPieces } from "../base/bitfield.ts";
import type { InfoHash, PeerId } from "../base/identifier.ts";
import { isLoopback } from "../base/ip_address.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import { type Finish, forecast } from "./forecast.ts";
import type { HostRow, Part } from "./host_row.ts";

/** Time for which a light is cached, in milliseconds: computing it for 100,000 pieces takes 20 ms. */
const MAX_AGE_MS = 1_000;
/** Least time between two observations of the source, in milliseconds. */
const OBSERVE_MS = 900;
/** Most stretches of pieces in a map. */
export const MAP_LENGTH = 200;

/** The peer of the machine that shares, as far as its rollout reads it. */
export interface ShareSource {
  /** The torrent that it sends. */
  readonly torrent: { readonly geometry: Pick<Geometry, "pieceCount"> };
  /** Its rates of now. */
  snapshot(): { readonly uploadBytesPerSecond: number };
  /** The pieces of the connected peers. */
  peerPieces(): readonly PeerPieces[];
}

/** A host that can be reached and stays. */
export interface Holder
  extends Pick<HostRow, "hostnames" | "claimed" | "peerId"> {
  /** True if it has every piece. */
  readonly hasAll: boolean;
}

/** The light: red while a piece is only here, amber while one has one other holder, else green. */
export type LightColor = "red" | "amber" | "green";

/** The machine that shares, as far as others depend on it. */
export interface SourceLight {
  /** Its color. */
  readonly light: LightColor;
  /** The share of pieces that no other host has, from 0 to 1. */
  readonly onlyHere: number;
  /** The number of other hosts that have each piece, of at most {@linkcode MAP_LENGTH} stretches of pieces the least. */
  readonly map: readonly number[];
}

export interface RolloutShareOptions {
  readonly infoHash: InfoHash;
  /** Of the content, in bytes. */
  readonly length: number;
  /** The peer that sends it; `undefined` while there is none. */
  readonly source: () => ShareSource | undefined;
  /** All hosts of the rollout. */
  readonly rows: Iterable<HostRow>;
  /** The IP addresses of this machine, beside loopback ones. */
  readonly ownHostnames: () => ReadonlySet<string>;
}

/** A torrent that counts. */
export class RolloutShare {
  readonly options: RolloutShareOptions;
  #light: SourceLight | undefined;
  #litMs = -Infinity;
  #observedMs = -Infinity;
  /** The highest send rate of the source seen, in bytes a second. */
  #mostUp = 0;

  constructor(options: RolloutShareOptions) {
    this.options = options;
  }

  /** Notes what the source sends; to be called at each sign of a host. */
  observe(nowMs: number): void {
    if (nowMs - this.#observedMs < OBSERVE_MS) return;
    this.#observedMs = nowMs;
    const rate = this.options.source()?.snapshot().uploadBytesPerSecond ?? 0;
    this.#mostUp = Math.max(this.#mostUp, rate);
  }

  /** The end of the share; `undefined` while no host moves. */
  finish(nowMs: number): Finish | undefined {
    const courses = this.#takingPart().map(([row, part]) => {
      const isComplete = part.left === 0;
      return {
        ...part,
        isActive: !isComplete && row.report?.state !== "failed" &&
          !row.isGone(nowMs) && !row.isStuck(nowMs),
        completeAtMs: isComplete ? row.progressedMs : undefined,
      };
    });
    return forecast(courses, { nowMs, sourceUp: this.#mostUp });
  }

  /** The unplug light, at most a second old; `undefined` while there is no source. */
  light(nowMs: number): SourceLight | undefined {
    const { ownHostnames, ...options } = this.options;
    const source = options.source();
    if (source === undefined) return undefined;
    if (nowMs - this.#litMs < MAX_AGE_MS) return this.#light;
    this.#litMs = nowMs;
    const holders = this.#takingPart().flatMap(([row, { left, isPresent }]) => {
      const { hostnames, claimed, peerId } = row;
      const hasAll = left === 0;
      const stays = isPresent && row.isStaying(hasAll, nowMs);
      return stays ? [{ hostnames, claimed, peerId, hasAll }] : [];
    });
    return this.#light = lightOf(countCopies({
      ...{ torrent: source.torrent, peers: source.peerPieces(), holders },
      ownHostnames: ownHostnames(),
    }));
  }

  #takingPart(): [row: HostRow, part: Part][] {
    const { infoHash, rows } = this.options;
    return Array.from(rows).flatMap((row) => {
      const part = row.parts.get(infoHash);
      return part === undefined ? [] : [[row, part]];
    });
  }
}

/**
 * Counts the other hosts that have each piece. Peers of one IP address are one host;
 * this machine is none.
 */
export function countCopies(
  { torrent: { geometry: { pieceCount } }, ...source }: {
    readonly torrent: ShareSource["torrent"];
    readonly peers: Iterable<PeerPieces>;
    readonly holders: Iterable<Holder>;
    /** IP addresses of this machine, beside loopback ones. */
    readonly ownHostnames: ReadonlySet<string>;
  },
): Uint16Array {
  const { ownHostnames } = source;
  const hosts = new Set<Host>();
  const byHostname = new Map<string, Host>();
  const byPeer = new Map<PeerId, { holder: Holder; host: Host }[]>();
  for (const holder of source.holders) {
    const { hostnames, peerId, hasAll } = holder;
    const isHere = hostnames.some((hostname) =>
      isLoopback(hostname) || ownHostnames.has(hostname)
    );
    if (isHere) continue;
    const host = hostnames.map((hostname) => byHostname.get(hostname))
      .find((known) => known !== undefined) ?? { hasAll, pieces: [] };
    host.hasAll ||= hasAll;
    hosts.add(host);
    for (const hostname of hostnames) byHostname.set(hostname, host);
    if (peerId === undefined) continue;
    byPeer.set(peerId, [...byPeer.get(peerId) ?? [], { holder, host }]);
  }
  for (const { peerId, hostname, pieces } of source.peers) {
    const known = byPeer.get(peerId)?.find(({ holder }) =>
      holder.hostnames.includes(hostname) || holder.claimed.includes(hostname)
    );
    if (known !== undefined && pieces.length === pieceCount) {
      known.host.pieces.push(pieces.toBytes());
    }
  }
  const copies = new Uint16Array(pieceCount);
  for (const { hasAll, pieces: [first, ...others] } of hosts) {
    if (hasAll) {
      for (let piece = 0; piece < pieceCount; piece++) copies[piece]!++;
    }
    if (hasAll || first === undefined) continue;
    for (const other of others) {
      for (const [index, byte] of other.entries()) first[index]! |= byte;
    }
    addBits(copies, first);
  }
  return copies;
}

interface Host {
  hasAll: boolean;
  /** Bitfields of its peers, copies. */
  readonly pieces: Uint8Array[];
}

function addBits(copies: Uint16Array, bytes: Uint8Array): void {
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    if (byte === 0) continue;
    for (let bit = 0; bit < 8; bit++) {
      if ((byte & (0x80 >>> bit)) !== 0) copies[8 * index + bit]!++;
    }
  }
}

/** The light for the number of other hosts that have each piece. */
export function lightOf(copies: Uint16Array): SourceLight {
  const count = copies.length;
  let onlyHereCount = 0;
  let least = Infinity;
  for (const others of copies) {
    if (others === 0) onlyHereCount++;
    if (others < least) least = others;
  }
  const length = Math.min(count, MAP_LENGTH);
  const map = Array.from({ length }, (_, cell) => {
    const start = Math.floor(cell * count / length);
    const end = Math.floor((cell + 1) * count / length);
    return copies.subarray(start, end).reduce((one, other) =>
      Math.min(one, other)
    );
  });
  return {
    light: least === 0 ? "red" : least === 1 ? "amber" : "green",
    onlyHere: count === 0 ? 0 : onlyHereCount / count,
    map,
  };
}

/** The light of the share that is needed most. */
export function worstOf(
  lights: readonly SourceLight[],
): SourceLight | undefined {
  const colors: readonly LightColor[] = ["red", "amber", "green"];
  const [worst] = lights.toSorted((one, other) =>
    colors.indexOf(one.light) - colors.indexOf(other.light) ||
    other.onlyHere - one.onlyHere
  );
  return worst;
}
