/**
 * IP addresses between text and bytes, network byte order. Bytes always turn
 * into the one canonical text of RFC 5952, so that equal addresses have equal
 * text; host names are not addresses and are refused.
 *
 * @module
 */

/** Length of an IPv4 address, in bytes. */
export const IPV4_LENGTH = 4;

/** Length of an IPv6 address, in bytes. */
export const IPV6_LENGTH = 16;

const DOT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/** 4 or 16 bytes, a fresh copy, or `undefined` if `text` is not an IP address. */
export function parseIpAddress(
  text: string,
): Uint8Array<ArrayBuffer> | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/**
 * Canonical text of 4 or 16 bytes; an IPv4-mapped IPv6 address becomes IPv4.
 * @throws {RangeError} On another length.
 */
export function formatIpAddress(bytes: Uint8Array): string {
  switch (bytes.length) {
    case IPV4_LENGTH:
      return bytes.join(".");
    case IPV6_LENGTH:
      return isMapped(bytes) ? bytes.subarray(12).join(".") : formatIpv6(bytes);
    default:
      throw new RangeError(
        `Cannot read IP address: expected 4 or 16 bytes, got ${bytes.length}`,
      );
  }
}

/**
 * Digit by digit: a tracker reads 50 addresses for each reply, and with `split`
 * and expressions that was nine tenths of the reply's time.
 */
function parseIpv4(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(IPV4_LENGTH);
  let index = 0;
  let value = -1; // no digit yet
  for (let offset = 0; offset < text.length; offset++) {
    const code = text.charCodeAt(offset);
    if (code === DOT) {
      if (value === -1 || index === IPV4_LENGTH - 1) return undefined;
      bytes[index++] = value;
      value = -1;
      continue;
    }
    // No leading zeros: some readers take them for octal.
    if (code < DIGIT_0 || code > DIGIT_9 || value === 0) return undefined;
    value = Math.max(value, 0) * 10 + code - DIGIT_0;
    if (value > 255) return undefined;
  }
  if (value === -1 || index !== IPV4_LENGTH - 1) return undefined;
  bytes[index] = value;
  return bytes;
}

function parseIpv6(text: string): Uint8Array<ArrayBuffer> | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [before = "", after] = halves;
  if (after === undefined) {
    const whole = parseGroups(before);
    return whole?.length === IPV6_LENGTH ? Uint8Array.from(whole) : undefined;
  }
  // A dotted IPv4 address stands at the end of the text alone.
  const head = before.includes(".") ? undefined : parseGroups(before);
  const tail = parseGroups(after);
  if (head === undefined || tail === undefined) return undefined;
  // "::" stands for one group of zeros at least.
  if (head.length + tail.length > IPV6_LENGTH - 2) return undefined;
  const bytes = new Uint8Array(IPV6_LENGTH);
  bytes.set(head);
  bytes.set(tail, IPV6_LENGTH - tail.length);
  return bytes;
}

/** Bytes of groups of hex digits, the last of them perhaps a dotted IPv4 address. */
function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    if (group.includes(".") && index === groups.length - 1) {
      const ipv4 = parseIpv4(group);
      if (ipv4 === undefined) return undefined;
      bytes.push(...ipv4);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = parseInt(group, 16);
      bytes.push(value >>> 8, value & 0xff);
    }
  }
  return bytes;
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 0xff && bytes[11] === 0xff;
}

function formatIpv6(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const groups: string[] = [];
  for (let offset = 0; offset < IPV6_LENGTH; offset += 2) {
    groups.push(view.getUint16(offset).toString(16));
  }
  const text = groups.join(":");
  // The longest run of two zeros or more, the first of equals. [RFC 5952, 4.2]
  let longest = "";
  let start = 0;
  for (const match of text.matchAll(/\b0(:0)+\b/g)) {
    if (match[0].length <= longest.length) continue;
    longest = match[0];
    start = match.index;
  }
  if (longest === "") return text;
  const head = text.slice(0, start).replace(/:$/, "");
  const tail = text.slice(start + longest.length).replace(/^:/, "");
  return `${head}::${tail}`;
}
