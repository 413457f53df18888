/**
 * HalfSipHash-1-3: 32 bits of a few 32-bit words that nobody foretells without
 * the key, so that nobody can send names that all fall into one bucket of a
 * table. Not for secrets. [Aumasson and Bernstein, SipHash's reference code]
 *
 * @module
 */

/** A key of 64 bits. */
export interface HalfSipKey {
  readonly low: number;
  readonly high: number;
}

/** The hash of whole words, signed. */
export function halfSipHash(words: Int32Array, key: HalfSipKey): number {
  let v0 = key.low | 0;
  let v1 = key.high | 0;
  let v2 = 0x6c796765 ^ key.low;
  let v3 = 0x74656462 ^ key.high;
  // The words, a last one with the length, and three rounds more to finish.
  const end = words.length + 1;
  for (let index = 0; index < end + 3; index++) {
    const word = index < words.length
      ? words[index]!
      : index === words.length
      ? words.length << 26
      : 0;
    v3 ^= word;
    v0 = v0 + v1 | 0;
    v1 = (v1 << 5 | v1 >>> 27) ^ v0;
    v0 = v0 << 16 | v0 >>> 16;
    v2 = v2 + v3 | 0;
    v3 = (v3 << 8 | v3 >>> 24) ^ v2;
    v0 = v0 + v3 | 0;
    v3 = (v3 << 7 | v3 >>> 25) ^ v0;
    v2 = v2 + v1 | 0;
    v1 = (v1 << 13 | v1 >>> 19) ^ v2;
    v2 = v2 << 16 | v2 >>> 16;
    v0 ^= word;
    if (index === end - 1) v2 ^= 0xff;
  }
  return v1 ^ v3;
}
