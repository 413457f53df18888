/**
 * What peers stand by in a pool: an order of their addresses in 32 bits, in which
 * neighbours are near one another, and the number of the peer's record, so that
 * a thousand peers behind one address are found as quickly as one.
 *
 * @module
 */

/** Records that a key has room for, so that keys are whole numbers without a loss. */
export const MAX_KEYED_RECORDS: number = 2 ** 21;

/** The order of an IPv4 address: the address itself. */
export function ipv4Order(word: number): number {
  return word >>> 0;
}

/**
 * The order of an IPv6 address by its first 64 bits: a hash of the first 48, and
 * the 16 that tell a site's subnets apart. Two sites with one hash are told apart
 * by their bytes.
 */
export function ipv6Order(first: number, second: number): number {
  const hash = Math.imul(first ^ second >>> 16, 0x9e3779b1) >>> 16;
  return (hash << 16 | second & 0xffff) >>> 0;
}

/** The key of a record by the order of its address: unique, in both. */
export function poolKey(order: number, record: number): number {
  return order * MAX_KEYED_RECORDS + record;
}
