/**
 * The name of this machine on the local network, `lanswarm.local`: a state machine
 * that probes for it and settles conflicts. The loser takes `lanswarm-2.local`. Two
 * programs of one machine share the name, since they state the same addresses.
 * [RFC 6762, sections 8 and 9]
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import { parseIpAddress } from "../base/ip_address.ts";
import type { Random } from "../base/random.ts";
import { type DnsMessage, encodeDnsMessage } from "./dns_message.ts";
import type {
  MulticastInterface,
  OutgoingDatagram,
  Sender,
} from "./multicast_protocol.ts";
import { addressRecords } from "./share_records.ts";

const HOST_LABEL = "lanswarm";
const PROBE_INTERVAL_MS = 250;
const PROBE_COUNT = 3;
/** Names tried at once before a pause. */
const QUICK_CONFLICTS = 15;
const CONFLICT_PAUSE_MS = 5_000;

export interface HostNameOptions {
  readonly random: Random;
  /** Announces the name, which is ours from now on. */
  readonly onClaimed: (name: string, now: number) => void;
  /** Repeats it soon: another program of this machine took leave of it. */
  readonly repeat: (now: number) => void;
}

/** A claim to a name. All times are milliseconds on one clock. */
export class HostName {
  readonly #options: HostNameOptions;
  #interfaces: readonly MulticastInterface[] = [];
  #nameNumber = 1;
  #conflictCount = 0;
  #probesSent = 0;
  #nextProbeMs = Infinity;

  constructor(options: HostNameOptions) {
    this.#options = options;
  }

  /** The name, once it is ours. */
  get name(): string | undefined {
    return this.#probesSent > PROBE_COUNT ? this.#wantedName : undefined;
  }

  get nextAtMs(): number {
    return this.#nextProbeMs;
  }

  /** Takes the addresses that the name is to stand for. */
  interfacesChanged(
    interfaces: readonly MulticastInterface[],
    now: number,
  ): void {
    this.#interfaces = interfaces;
    if (this.name === undefined) this.#probe(now);
  }

  receive(message: DnsMessage, from: Sender, now: number): void {
    if (message.isResponse) this.#checkResponse(message, now);
    else this.#checkProbe(message, from, now);
  }

  takeDue(now: number): OutgoingDatagram[] {
    if (this.#nextProbeMs > now) return [];
    if (this.#interfaces.length === 0) {
      this.#nextProbeMs = Infinity;
      return [];
    }
    this.#nextProbeMs = now + PROBE_INTERVAL_MS;
    const name = this.#wantedName;
    if (this.#probesSent++ === PROBE_COUNT) {
      this.#nextProbeMs = Infinity;
      this.#options.onClaimed(name, now);
      return [];
    }
    return this.#interfaces.map((own) => ({
      interfaceName: own.name,
      datagram: encodeDnsMessage({
        isResponse: false,
        questions: [{ name, type: "ANY" }],
        proposed: addressRecords(name, own.addresses)
          .map((record) => ({ ...record, flush: false })),
      }),
    }));
  }

  get #wantedName(): string {
    return this.#nameNumber === 1
      ? `${HOST_LABEL}.local`
      : `${HOST_LABEL}-${this.#nameNumber}.local`;
  }

  /** Another host's records may contradict ours, or take leave of one that we share. */
  #checkResponse({ answers }: DnsMessage, now: number): void {
    const own = this.#interfaces.flatMap(({ addresses }) => addresses);
    for (const { name, type, data, ttl } of answers) {
      if (name !== this.#wantedName) continue;
      if (type !== "A" && type !== "AAAA") continue;
      if (own.includes(data)) {
        // Another program of this machine has the name too, and has ended.
        if (ttl === 0 && this.name !== undefined) {
          return this.#options.repeat(now);
        }
      } else if (ttl > 0) {
        if (this.name === undefined) this.#nameNumber++;
        // The probing decides which one of the two keeps the name.
        this.#conflictCount++;
        return this.#probe(now);
      }
    }
  }

  /** Two hosts that probe for a name at once: the greater addresses win. */
  #checkProbe({ proposed }: DnsMessage, from: Sender, now: number): void {
    if (this.name !== undefined || this.#probesSent === 0) return;
    const theirs = proposed.flatMap((record) =>
      record.name === this.#wantedName &&
        (record.type === "A" || record.type === "AAAA")
        ? [record.data]
        : []
    );
    const isOwn = this.#interfaces.some(({ addresses }) =>
      addresses.some((address) => theirs.includes(address))
    );
    if (theirs.length === 0 || isOwn) return;
    const isGreater = this.#interfaces.some(({ name, addresses }) =>
      (from.interfaceName ?? name) === name && rank(addresses) > rank(theirs)
    );
    if (isGreater) return;
    this.#nameNumber++;
    this.#conflictCount++;
    this.#probe(now);
  }

  #probe(now: number): void {
    this.#probesSent = 0;
    const delayMs = this.#conflictCount >= QUICK_CONFLICTS
      ? CONFLICT_PAUSE_MS
      : this.#options.random() * PROBE_INTERVAL_MS;
    this.#nextProbeMs = now + delayMs;
  }
}

/** The order of two hosts that want the same name. [RFC 6762, section 8.2] */
function rank(addresses: readonly string[]): string {
  // IPv4 addresses, type 1, come before IPv6 addresses, type 28.
  return addresses.map((address) => {
    const bytes = parseIpAddress(address) ?? new Uint8Array();
    return `${bytes.length === 4 ? "1" : "2"}${encodeHex(bytes)}`;
  }).sort().join(" ");
}
