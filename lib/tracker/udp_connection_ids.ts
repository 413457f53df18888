/**
 * Connection ids that cannot be forged. An id is a keyed hash of the address that
 * it was sent to and of the time, so the tracker keeps none of them, however many
 * clients connect. A client with a forged address never receives its id and
 * cannot compute it. Ports do not count: behind address translation each
 * request may come from another one. [BEP 15, "UDP connections / spoofing"]
 *
 * @module
 */
import { IPV4_LENGTH, IPV6_LENGTH } from "../base/ip_address.ts";
import { sha1 } from "../disk/sha1.ts";

/**
 * Time for which an address gets the same id. An id is valid until the next such
 * time is over too: for at least two minutes, as clients expect, and at most four.
 */
export const CONNECTION_EPOCH_MS = 120_000;

export const CONNECTION_KEY_LENGTH = 16;
const ADDRESS_END = CONNECTION_KEY_LENGTH + IPV6_LENGTH;

export class UdpConnectionIds {
  /** The key; the address, IPv4 as IPv4-mapped IPv6; the epoch, big endian. */
  readonly #message = new Uint8Array(ADDRESS_END + 8);
  readonly #address = this.#message.subarray(
    CONNECTION_KEY_LENGTH,
    ADDRESS_END,
  );
  readonly #view = new DataView(this.#message.buffer);

  /** @param key Random bytes that nobody else has. */
  constructor(key: Uint8Array) {
    this.#message.set(key);
  }

  /** The id of an address of 4 or 16 bytes now. */
  issue(address: Uint8Array, nowMs: number): bigint {
    return this.#idAt(address, epochAt(nowMs));
  }

  /** Checks that an id was issued to an address recently. */
  isValid(id: bigint, address: Uint8Array, nowMs: number): boolean {
    const epoch = epochAt(nowMs);
    return id === this.#idAt(address, epoch) ||
      id === this.#idAt(address, epoch - 1);
  }

  /** SHA-1 needs no HMAC here: all messages have one length, and most of the hash stays secret. */
  #idAt(address: Uint8Array, epoch: number): bigint {
    this.#address.fill(0);
    if (address.length === IPV4_LENGTH) this.#address.fill(0xff, 10, 12);
    this.#address.set(address, IPV6_LENGTH - address.length);
    this.#view.setBigInt64(ADDRESS_END, BigInt(epoch));
    return new DataView(sha1(this.#message).buffer).getBigUint64(0);
  }
}

function epochAt(nowMs: number): number {
  return Math.floor(nowMs / CONNECTION_EPOCH_MS);
}
