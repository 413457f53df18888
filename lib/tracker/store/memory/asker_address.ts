/**
 * Where an asker is, as its neighbours are looked for: the first bytes that their
 * addresses share with its own, and between which keys they stand in a pool.
 *
 * @module
 */
import { IPV6_LENGTH } from "../../../base/ip_address.ts";
import type { AddressWords } from "../address_words.ts";
import {
  ipv4Order,
  ipv6Order,
  MAX_KEYED_RECORDS,
  poolKey,
} from "./pool_key.ts";

/** How near one is, in one pool. */
export interface Nearness {
  /** How many bytes of the addresses are the same. */
  prefixLength: number;
  /** The least key and the greatest. */
  from: number;
  to: number;
}

/** Bytes that the addresses of one subnet, and of one region, share. */
const PREFIX_LENGTHS = {
  ipv4: { subnet: 3, region: 2 },
  ipv6: { subnet: 8, region: 6 },
} as const;

/** Where one asker after the other is. */
export class AskerAddress {
  /** 4 or 16 bytes that count. */
  readonly bytes: Uint8Array = new Uint8Array(IPV6_LENGTH);
  /** The nearest first. */
  readonly nearnesses: readonly [Nearness, Nearness] = [
    { prefixLength: 0, from: 0, to: 0 },
    { prefixLength: 0, from: 0, to: 0 },
  ];

  read(address: AddressWords): void {
    const { words } = address;
    address.write(this.bytes, 0);
    const [subnet, region] = this.nearnesses;
    const lengths = PREFIX_LENGTHS[address.isIpv4 ? "ipv4" : "ipv6"];
    const order = address.isIpv4
      ? ipv4Order(words[3]!)
      : ipv6Order(words[0]!, words[1]!);
    setNearness(subnet, lengths.subnet, order, address.isIpv4 ? 0xff : 0);
    setNearness(region, lengths.region, order, 0xffff);
  }
}

/** @param mask The bits of the order in which neighbours differ. */
function setNearness(
  nearness: Nearness,
  prefixLength: number,
  order: number,
  mask: number,
): void {
  nearness.prefixLength = prefixLength;
  nearness.from = poolKey((order & ~mask) >>> 0, 0);
  nearness.to = poolKey((order | mask) >>> 0, MAX_KEYED_RECORDS - 1);
}
