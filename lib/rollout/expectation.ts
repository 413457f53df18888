/**
 * The hosts that a share is meant for: a number, or names and addresses with ranges
 * as pdsh and Ansible write them, `lab[01-40]`. Rows are matched with expected hosts by
 * address, or by the name that a host reports, short or full. Invariant: of several hosts
 * with the same name, the first keeps the name while it is present, so a host that claims
 * another host's name gets a row of its own. Pure.
 *
 * @module
 */
import { formatIpAddress, parseIpAddress } from "../base/ip_address.ts";
import { isHostName } from "./host_report.ts";
import type { HostRow } from "./host_row.ts";
import type { RolloutHost } from "./host_state.ts";

/** Most expected hosts: as many as a rollout keeps. */
const MAX_EXPECTED = 10_000;
/** Silence after which another host of the same name may take over, in milliseconds. */
const TAKEN_OVER_MS = 60_000;

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
function canonicalHost(name: string): string {
  const bytes = parseIpAddress(name);
  if (bytes !== undefined) return formatIpAddress(bytes);
  return name.toLowerCase().replace(/\.$/, "");
}

/** `lab07` of `lab07.example.org`; an address is short already. */
function shortName(canonical: string): string {
  const isAddress = parseIpAddress(canonical) !== undefined;
  return isAddress ? canonical : canonical.split(".", 1)[0]!;
}

/** The hosts of a word, one for each combination of its ranges. */
function* expand(word: string): Generator<string> {
  const match = /^([^[\]]*)\[([\d,\s-]+)\](.*)$/.exec(word);
  if (match === null) {
    if (isHostName(word)) return yield word;
    const reason = "it is no name, address or range such as lab[01-40]";
    throw unreadable(word, reason);
  }
  const [before, list, after] = match.slice(1) as [string, string, string];
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

function unreadable(text: string, reason: string): RangeError {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return new RangeError(`${JSON.stringify(shown)}: ${reason}`);
}

interface Place extends Pick<RolloutHost, "name" | "isExpected"> {
  /** `undefined` for an expected host that was never seen. */
  readonly row: HostRow | undefined;
}

/** The expected hosts in the order of the expectation, then the other hosts. */
export function placeHosts(
  rows: Iterable<HostRow>,
  { expectation, nowMs }: {
    readonly expectation: Expectation | undefined;
    readonly nowMs: number;
  },
): Place[] {
  const expected = expectation?.type === "hosts" ? expectation.names : [];
  const byName = Map.groupBy(rows, matcher(expected));
  const places: Place[] = [];
  const others: Place[] = [];
  for (const name of expected) {
    const all = byName.get(name) ?? [];
    const [row, ...further] = present(all, { name, nowMs });
    byName.delete(name);
    places.push({ name, isExpected: true, row });
    others.push(...further.map((row) => extra(row, true)));
  }
  for (const [name, all] of byName) {
    const shown = name === "" ? all : present(all, { name, nowMs });
    others.push(...shown.map((row, index) => extra(row, index > 0)));
  }
  return [...places, ...others];
}

/** The name under which a row is expected, or else its own. */
function matcher(expected: readonly string[]): (row: HostRow) => string {
  const full = new Map<string, string>();
  // Of several hosts with one short name, the first.
  const short = new Map<string, string>();
  for (const name of expected) {
    const canonical = canonicalHost(name);
    full.set(canonical, name);
    const label = shortName(canonical);
    if (!short.has(label)) short.set(label, name);
  }
  return ({ name: reported, hostnames, claimed }) => {
    const name = canonicalHost(reported);
    const label = shortName(name);
    return [...hostnames, name, ...claimed].map((claim) => full.get(claim))
      .find((match) => match !== undefined) ??
      (name === label ? short : full).get(label) ?? name;
  };
}

/** The rows of one name that are shown: none whose host has come back elsewhere. */
function present(
  rows: readonly HostRow[],
  { name, nowMs }: { readonly name: string; readonly nowMs: number },
): HostRow[] {
  const shown = withoutFormer(rows, nowMs);
  const rankOf = (row: HostRow): number =>
    row.isComplete ? 0 : row.isGone(nowMs) ? 2 : 1;
  // An expected address is no claim; its last peer counts unless one is complete.
  const own = shown.filter(({ hostnames }) => hostnames.includes(name))
    .sort((one, other) => rankOf(one) - rankOf(other));
  const others = shown.filter((row) => !own.includes(row));
  return [
    ...own,
    ...others.filter((row, index) =>
      row.isComplete || nowMs - row.lastSeenMs < TAKEN_OVER_MS ||
      !others.slice(index + 1).some(({ firstSeenMs }) =>
        firstSeenMs >= row.lastSeenMs
      )
    ),
  ];
}

/**
 * The rows without those that were left behind: gone, while a host of the same name
 * that reports one of its addresses has come since, as over IPv6 after a reboot.
 */
function withoutFormer(
  rows: readonly HostRow[],
  nowMs: number,
): readonly HostRow[] {
  if (rows.length < 2) return rows;
  const keysOf = ({ name, hostnames, claimed }: HostRow): string[] =>
    name === ""
      ? []
      : [...hostnames, ...claimed].map((text) => `${name} ${text}`);
  const newestMs = new Map<string, number>();
  for (const row of rows) {
    for (const key of keysOf(row)) {
      const latestMs = newestMs.get(key) ?? -Infinity;
      newestMs.set(key, Math.max(latestMs, row.firstSeenMs));
    }
  }
  return rows.filter((row) =>
    !row.isGone(nowMs) || row.isComplete ||
    !keysOf(row).some((key) => newestMs.get(key)! > row.lastSeenMs)
  );
}

function extra(row: HostRow, isNameTaken: boolean): Place {
  const address = row.hostnames[0]!;
  const named = isNameTaken ? `${row.name} (${address})` : row.name;
  return { name: row.name && named || address, isExpected: false, row };
}
