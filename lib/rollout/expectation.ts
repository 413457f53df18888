/**
 * The hosts that a share is meant for: a number, or names and addresses with ranges
 * as pdsh and Ansible write them, `lab[01-40]`. Pure.
 *
 * @module
 */
import { formatIpAddress, parseIpAddress } from "../base/ip_address.ts";

/** Hosts that are expected at most: as many as a rollout keeps. */
const MAX_EXPECTED = 10_000;
/** Longest name of a host, in UTF-16 units. [RFC 1035, 2.3.4] */
export const MAX_HOST_NAME_LENGTH = 253;

/** The hosts that a share is meant for. */
export type Expectation =
  /** A number of hosts, of any name. */
  | { readonly type: "count"; readonly count: number }
  /** These names and addresses; at least one, none of them twice. */
  | { readonly type: "hosts"; readonly names: readonly string[] };

/**
 * Reads `40`, `lab[01-40]`, `lab[1-3,7].example.org,192.168.1.[20-29]`. Hosts are
 * separated by commas, blanks or line ends; text from `#` to the end of its line is
 * a comment.
 * @throws {RangeError} If it names no host, too many, or cannot be read.
 */
export function readExpectation(text: string): Expectation {
  if (/^\d+$/.test(text.trim())) {
    const count = Number(text);
    if (count >= 1 && count <= MAX_EXPECTED) return { type: "count", count };
    throw unreadable(text, `the number is not from 1 to ${MAX_EXPECTED}`);
  }
  const names = new Map<string, string>();
  const words = text.replace(/#.*$/gm, "").match(/(?:\[[^\]]*\]|[^\s,[])+|\[/g);
  for (const word of words ?? []) {
    for (const name of expand(word)) {
      names.set(canonicalHost(name), name);
      if (names.size > MAX_EXPECTED) {
        throw unreadable(word, `it has more than ${MAX_EXPECTED} hosts`);
      }
    }
  }
  if (names.size === 0) throw unreadable(text, "it names no host");
  return { type: "hosts", names: [...names.values()] };
}

/** A name in lower case without the dot of the root, or an address in its one form. */
export function canonicalHost(name: string): string {
  const bytes = parseIpAddress(name);
  if (bytes !== undefined) return formatIpAddress(bytes);
  return name.toLowerCase().replace(/\.$/, "");
}

/** `lab07` of `lab07.example.org`; an address is short already. */
export function shortName(canonical: string): string {
  const isAddress = parseIpAddress(canonical) !== undefined;
  return isAddress ? canonical : canonical.split(".", 1)[0]!;
}

/** The hosts of a word, one for each combination of its ranges. */
function* expand(word: string): Generator<string> {
  const [, before, list, after] = /^([^[\]]*)\[([\d,\s-]+)\](.*)$/.exec(word) ??
    [];
  if (before === undefined || list === undefined || after === undefined) {
    if (!isHostName(word)) {
      throw unreadable(
        word,
        "it is no name, address or range such as lab[01-40]",
      );
    }
    return yield word;
  }
  for (const part of list.split(",")) {
    const [, first, last = first] =
      /^\s*(\d{1,9})(?:-(\d{1,9}))?\s*$/.exec(part) ??
        [];
    if (first === undefined || Number(first) > Number(last)) {
      throw unreadable(word, `${JSON.stringify(part)} is no range`);
    }
    for (let number = Number(first); number <= Number(last); number++) {
      // As wide as the first: 01 to 40, 1 to 40.
      const digits = String(number).padStart(first.length, "0");
      for (const rest of expand(after)) yield `${before}${digits}${rest}`;
    }
  }
}

/** True for what may name a host: nothing in it means anything to a terminal or page. */
export function isHostName(text: string): boolean {
  return text.length <= MAX_HOST_NAME_LENGTH &&
    /^[\p{L}\p{N}_.:%-]*$/u.test(text);
}

function unreadable(text: string, reason: string): RangeError {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return new RangeError(`${JSON.stringify(shown)}: ${reason}`);
}
