/**
 * The machines that fetch shares from this one, as they announce themselves to its
 * tracker: how many are complete, how many still fetch. A machine that has left is
 * forgotten unless it was complete. Pure: announces in, counts out.
 *
 * @module
 */
import type { InfoHash, PeerId } from "../base/identifier.ts";
import { formatPeerAddress } from "../base/peer_address.ts";
import type { PeerAnnounce } from "../tracker/store/peer_store.ts";

/** Machines that are counted at most: any host may invent some. */
const MAX_MACHINES = 10_000;
/** Machines at one IP address: an address counts for a classroom behind it, no more. */
const MAX_MACHINES_PER_HOST = 64;

/** An announce, as far as it counts. */
export type MachineAnnounce = Pick<
  PeerAnnounce,
  "peerId" | "infoHash" | "hostname" | "port" | "left" | "event"
>;

/** Numbers of machines. */
export interface MachineCounts {
  /** Machines that have every share that they asked for, those that left included. */
  readonly complete: number;
  /** Machines that are there and lack something. */
  readonly fetching: number;
}

interface Machine {
  readonly hostname: string;
  readonly address: string;
  /** The shares that it takes part in, and those that it has completed. */
  readonly present: Set<InfoHash>;
  readonly complete: Set<InfoHash>;
  isComplete: boolean;
}

/** The machines of one process that shares. */
export class Machines {
  readonly #machines = new Map<PeerId, Machine>();
  readonly #byAddress = new Map<string, PeerId>();
  #completeCount = 0;
  readonly #byHost = new Map<string, Set<PeerId>>();
  /** The torrents that count; peers may announce others. */
  readonly shares: Set<InfoHash> = new Set();
  /** The peer of this process, which is not counted. */
  own: PeerId | undefined;

  /** Takes an announce that the tracker has accepted. */
  announced(announce: MachineAnnounce): void {
    const { peerId, infoHash, left, event } = announce;
    if (peerId === this.own || !this.shares.has(infoHash)) return;
    const machine = this.#machines.get(peerId) ?? this.#add(announce);
    if (machine === undefined) return;
    machine.present.add(infoHash);
    if (left === 0) machine.complete.add(infoHash);
    this.#settle(machine);
    if (event === "stopped") this.left(peerId, infoHash);
  }

  /** A peer has left a torrent, or was silent for too long. */
  left(peerId: PeerId, infoHash: InfoHash): void {
    const machine = this.#machines.get(peerId);
    if (machine === undefined) return;
    machine.present.delete(infoHash);
    this.#settle(machine);
    if (machine.present.size > 0 || machine.complete.size > 0) return;
    this.#forget(peerId);
  }

  /** The counts of now. */
  counts(): MachineCounts {
    const complete = this.#completeCount;
    return { complete, fetching: this.#machines.size - complete };
  }

  /** Counts a machine that has changed; each announce asks for the counts. */
  #settle(machine: Machine): void {
    const isComplete = machine.present.isSubsetOf(machine.complete);
    if (isComplete === machine.isComplete) return;
    this.#completeCount += isComplete ? 1 : -1;
    machine.isComplete = isComplete;
  }

  #forget(peerId: PeerId): void {
    const machine = this.#machines.get(peerId);
    if (machine === undefined) return;
    const { address, hostname, isComplete } = machine;
    if (isComplete) this.#completeCount--;
    this.#machines.delete(peerId);
    this.#byAddress.delete(address);
    const ofHost = this.#byHost.get(hostname);
    ofHost?.delete(peerId);
    if (ofHost?.size === 0) this.#byHost.delete(hostname);
  }

  #add({ peerId, hostname, port }: MachineAnnounce): Machine | undefined {
    const address = formatPeerAddress({ hostname, port });
    // A machine that was started again has another peer id.
    const former = this.#byAddress.get(address);
    if (former !== undefined) this.#forget(former);
    const ofHost = this.#byHost.get(hostname) ?? new Set();
    if (ofHost.size >= MAX_MACHINES_PER_HOST) {
      this.#forget(ofHost.values().next().value!);
    }
    if (this.#machines.size >= MAX_MACHINES) return undefined;
    this.#byHost.set(hostname, ofHost.add(peerId));
    const machine: Machine = {
      hostname,
      address,
      present: new Set(),
      complete: new Set(),
      isComplete: false,
    };
    this.#byAddress.set(address, peerId);
    this.#machines.set(peerId, machine);
    return machine;
  }
}
