/**
 * Connection ids that cannot be forged: an id is a keyed hash of the address that
 * it was sent to and of the time, so the tracker remembers none of them, however
 * many ask. Who gave a false address never sees the answer and cannot work it
 * out. Ports are left out: an address that is translated may have another port
 * for each request. [BEP 15, "UDP connections / spoofing"]
 *
 * @module
 */
import { IPV4_LENGTH, IPV6_LENGTH } from "../base/ip_address.ts";
import { sipHash } from "./sip_hash.ts";

/**
 * Time in which an address gets the same id, in milliseconds. An id is taken
 * until the next such time is over too: for two minutes at least, as clients
 * expect, and for four at most.
 */
export const CONNECTION_EPOCH_MS = 120_000;

/** Gives out ids and knows them again. */
export class UdpConnectionIds {
  readonly #secret: Uint8Array;
  /** The address, IPv4 as IPv4-mapped IPv6, and the epoch, big endian. */
  readonly #message = new Uint8Array(IPV6_LENGTH + 8);
  readonly #view = new DataView(this.#message.buffer);

  /** @param secret 16 random bytes that nobody else has. */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** The id of an address of 4 or 16 bytes now. */
  issue(address: Uint8Array, nowMs: number): bigint {
    return this.#idAt(address, epochAt(nowMs));
  }

  /** Whether an id was given to an address lately. */
  isValid(id: bigint, address: Uint8Array, nowMs: number): boolean {
    const epoch = epochAt(nowMs);
    return id === this.#idAt(address, epoch) ||
      id === this.#idAt(address, epoch - 1);
  }

  #idAt(address: Uint8Array, epoch: number): bigint {
    this.#message.fill(0, 0, IPV6_LENGTH);
    if (address.length === IPV4_LENGTH) this.#message.fill(0xff, 10, 12);
    this.#message.set(address, IPV6_LENGTH - address.length);
    this.#view.setBigInt64(IPV6_LENGTH, BigInt(epoch));
    return sipHash(this.#secret, this.#message);
  }
}

function epochAt(nowMs: number): number {
  return Math.floor(nowMs / CONNECTION_EPOCH_MS);
}
