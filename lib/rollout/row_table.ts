/**
 * The rows of a rollout by address. A host that announces or reports is found by peer
 * id and address, or by port and address, so that no sign changes the row of another
 * address; with the announce key, a host adds its address of the other family. Pure.
 *
 * @module
 */
import type { PeerId } from "../base/identifier.ts";
import { HostRow } from "./host_row.ts";

/** Most rows kept, as any host may invent rows. */
const MAX_ROWS = 10_000;
/** Most rows of one IP address: enough for a classroom behind it. */
const MAX_ROWS_PER_HOST = 64;

/** A sign of a host: the fields of announces and reports that identify it. */
export interface Sign {
  readonly hostname: string;
  readonly peerId?: PeerId | undefined;
  readonly key?: string | undefined;
  readonly port: number;
  /** @default unknown */
  readonly name?: string;
}

export class RowTable {
  readonly #rows = new Set<HostRow>();
  readonly #byHost = new Map<string, HostRow[]>();
  readonly #byKey = new Map<string, HostRow>();
  #madeRoomMs = -Infinity;

  /** In the order of the hosts' first signs. */
  [Symbol.iterator](): SetIterator<HostRow> {
    return this.#rows.values();
  }

  /** The row of the host that gave a sign, a new one at need; `undefined` if all are taken. */
  of(sign: Sign, nowMs: number): HostRow | undefined {
    const { hostname, peerId, key, port, name = "" } = sign;
    const ofHost = this.#byHost.get(hostname) ?? [];
    // Only the peer itself knows its key, so this is its address of the other family.
    const secret = peerId && key ? `${peerId} ${key}` : undefined;
    const known = secret === undefined ? undefined : this.#byKey.get(secret);
    const row =
      ofHost.find((row) => peerId !== undefined && row.peerId === peerId) ??
        known ??
        // A restarted peer has another peer id.
        ofHost.find((row) => row.port === port && port > 0) ??
        ofHost.find((row) =>
          (name === "" || row.name === "" || row.name === name) &&
          (row.peerId === undefined || row.isGone(nowMs) && !row.isComplete)
        ) ?? this.#add(ofHost, nowMs);
    if (row === undefined) return undefined;
    if (!row.hostnames.includes(hostname)) {
      row.hostnames.push(hostname);
      this.#byHost.set(hostname, [...this.#byHost.get(hostname) ?? [], row]);
    }
    if (peerId !== undefined && row.peerId !== peerId) {
      if (row.key !== undefined) this.#byKey.delete(row.key);
      row.peerId = peerId;
      // The pieces of the former peer say nothing about the new peer.
      row.parts.clear();
      row.report = undefined;
      row.reportedMs = -Infinity;
    }
    if (port > 0) row.port = port;
    if (secret !== undefined) this.#byKey.set(row.key = secret, row);
    return row;
  }

  #add(ofHost: readonly HostRow[], nowMs: number): HostRow | undefined {
    if (ofHost.length >= MAX_ROWS_PER_HOST) this.#forget(ofHost[0]!);
    if (this.#rows.size >= MAX_ROWS) this.#makeRoom(nowMs);
    if (this.#rows.size >= MAX_ROWS) return undefined;
    const row = new HostRow(nowMs);
    this.#rows.add(row);
    return row;
  }

  /** Forgets hosts that have left without everything, if there are any. */
  #makeRoom(nowMs: number): void {
    if (nowMs - this.#madeRoomMs < 1_000) return;
    this.#madeRoomMs = nowMs;
    for (const row of this.#rows) {
      if (row.isGone(nowMs) && !row.isComplete) this.#forget(row);
    }
  }

  #forget(row: HostRow): void {
    this.#rows.delete(row);
    if (row.key !== undefined) this.#byKey.delete(row.key);
    for (const hostname of row.hostnames) {
      const others = this.#byHost.get(hostname)!.filter((one) => one !== row);
      if (others.length === 0) this.#byHost.delete(hostname);
      else this.#byHost.set(hostname, others);
    }
  }
}
