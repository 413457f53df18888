/**
 * An IP address as four numbers of 32 bits, IPv4 as ::ffff:0:0/96, and what may
 * be done with it. Reading one makes no objects: a reader is kept and filled
 * again with each announce.
 *
 * @module
 */
import {
  formatIpAddress,
  IPV4_LENGTH,
  IPV6_LENGTH,
  parseIpAddress,
} from "../../base/ip_address.ts";

/**
 * Who may be told of an address: everybody, those on this machine, or nobody, as
 * it is no machine's or only means something on one link.
 */
export type Reach = "everybody" | "thisMachine" | "nobody";

/** The third word of an IPv4 address. */
const MAPPED = 0xffff;

const COLON = 0x3a;
const DOT = 0x2e;
const DIGIT_0 = 0x30;

/** An address that is read again and again. */
export class AddressWords {
  /** In the order of their bytes. */
  readonly words: Int32Array = new Int32Array(4);

  /** Takes an address; what is none becomes `::`, which nobody is told of. */
  read(hostname: string): void {
    if (this.#readIpv4(hostname)) return;
    const bytes = parseIpAddress(withoutZone(hostname));
    this.words.fill(0);
    if (bytes?.length !== IPV6_LENGTH) return;
    const view = new DataView(bytes.buffer);
    for (let index = 0; index < 4; index++) {
      this.words[index] = view.getInt32(index * 4);
    }
  }

  /** Whether it is one of IPv4. */
  get isIpv4(): boolean {
    const { words } = this;
    return words[0] === 0 && words[1] === 0 && words[2] === MAPPED;
  }

  /** Whether it is any machine's: what is no address is not. */
  get isKnown(): boolean {
    const [first = 0, second = 0, third = 0, last = 0] = this.words;
    return (first | second | third | last) !== 0;
  }

  /** Who may be told of it. */
  get reach(): Reach {
    const [first = 0, second = 0, third = 0, last = 0] = this.words;
    if (this.isIpv4) {
      const network = last >>> 24;
      // 0.0.0.0/8 is "this network", from 224.0.0.0 on are groups and broadcast.
      if (network === 0 || network >= 224) return "nobody";
      return network === 127 ? "thisMachine" : "everybody";
    }
    if ((first | second | third) === 0) {
      if (last === 0) return "nobody";
      if (last === 1) return "thisMachine";
    }
    // ff00::/8 are groups, fe80::/10 means nothing without its link.
    return first >>> 24 === 0xff || first >>> 22 === 0xfe80 >>> 6
      ? "nobody"
      : "everybody";
  }

  /**
   * Writes the 4 or 16 bytes of the address.
   * @returns How many they are.
   */
  write(into: Uint8Array, offset: number): number {
    const first = this.isIpv4 ? 3 : 0;
    for (let index = first; index < 4; index++) {
      const word = this.words[index]!;
      const at = offset + (index - first) * 4;
      into[at] = word >>> 24;
      into[at + 1] = word >>> 16;
      into[at + 2] = word >>> 8;
      into[at + 3] = word;
    }
    return (4 - first) * 4;
  }

  /** Digit by digit and without an array: each announce comes from an address. */
  #readIpv4(hostname: string): boolean {
    let address = 0;
    let value = -1; // no digit yet
    let dotCount = 0;
    for (let offset = 0; offset < hostname.length; offset++) {
      const code = hostname.charCodeAt(offset);
      if (code === DOT) {
        if (value === -1 || ++dotCount > 3) return false;
        address = address << 8 | value;
        value = -1;
        continue;
      }
      if (code < DIGIT_0 || code >= COLON || value === 0) return false;
      value = (value === -1 ? 0 : value) * 10 + code - DIGIT_0;
      if (value > 255) return false;
    }
    if (value === -1 || dotCount !== 3) return false;
    this.words.fill(0, 0, 2);
    this.words[2] = MAPPED;
    this.words[3] = address << 8 | value;
    return true;
  }
}

/** The canonical text of an address of four words. */
export function formatAddressWords(
  words: readonly [number, number, number, number],
): string {
  const bytes = new Uint8Array(IPV6_LENGTH);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of words.entries()) view.setInt32(index * 4, word);
  return formatIpAddress(bytes);
}

/** The canonical text of an IPv4 address of one word. */
export function formatIpv4Word(word: number): string {
  const bytes = new Uint8Array(IPV4_LENGTH);
  new DataView(bytes.buffer).setInt32(0, word);
  return formatIpAddress(bytes);
}

/** `fe80::1` of `fe80::1%eth0`. */
function withoutZone(hostname: string): string {
  const percent = hostname.indexOf("%");
  return percent === -1 ? hostname : hostname.slice(0, percent);
}
