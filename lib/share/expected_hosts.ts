/**
 * Matches the rows of a rollout with the hosts that are expected, and names them. A
 * host is expected by its address, or by the name that it reports, short or full.
 * Invariant: of several hosts with one name, the first keeps it while it is there, so
 * a host that claims another one's name gets a row of its own. Pure.
 *
 * @module
 */
import { canonicalHost, type Expectation, shortName } from "./expectation.ts";

/** Silence after which another host of the same name may take over, in milliseconds. */
const TAKEN_OVER_MS = 60_000;

/** A row, as far as it can be matched. */
export interface Candidate {
  /** Its IP addresses, at least one. */
  readonly hostnames: string[];
  /** As the host reports it; empty if it does not. */
  name: string;
  /** Further addresses, as the host reports them. */
  claimed: readonly string[];
  readonly firstSeenMs: number;
  lastSeenMs: number;
  isComplete: boolean;
  isGone: boolean;
}

/** A place in the list of hosts. */
export interface Place {
  readonly name: string;
  readonly isExpected: boolean;
  /** `undefined` for an expected host that was never seen. */
  readonly row: Candidate | undefined;
}

/** The expected hosts in their order, then the others in theirs. */
export function placeHosts(
  rows: Iterable<Candidate>,
  { expectation, nowMs }: {
    readonly expectation: Expectation | undefined;
    readonly nowMs: number;
  },
): Place[] {
  const expected = expectation?.type === "hosts" ? expectation.names : [];
  const { full, short } = indexNames(expected);
  const byName = new Map<string, Candidate[]>();
  for (const row of rows) {
    const name = canonicalHost(row.name);
    const claims = [...row.hostnames, name, ...row.claimed];
    const index = claims.map((claim) => full.get(claim))
      .find((index) => index !== undefined) ??
      (name === shortName(name) ? short : full).get(shortName(name));
    const key = index === undefined ? name : expected[index]!;
    const ofName = byName.get(key);
    if (ofName === undefined) byName.set(key, [row]);
    else ofName.push(row);
  }
  const places: Place[] = [];
  const others: Place[] = [];
  for (const name of expected) {
    const [first, ...further] = present(byName.get(name) ?? [], {
      name,
      nowMs,
    });
    byName.delete(name);
    places.push({ name, isExpected: true, row: first });
    others.push(...further.map((row) => extra(row, true)));
  }
  for (const [name, ofName] of byName) {
    const shown = name === "" ? ofName : present(ofName, { name, nowMs });
    others.push(...shown.map((row, index) => extra(row, index > 0)));
  }
  return [...places, ...others];
}

/** The rows of one name that are shown: none whose host has come back elsewhere. */
function present(
  rows: readonly Candidate[],
  { name, nowMs }: { readonly name: string; readonly nowMs: number },
): Candidate[] {
  const shown = withoutFormer(rows);
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
function withoutFormer(rows: readonly Candidate[]): readonly Candidate[] {
  if (rows.length < 2) return rows;
  const keysOf = ({ name, hostnames, claimed }: Candidate): string[] =>
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
    !row.isGone || row.isComplete ||
    !keysOf(row).some((key) => newestMs.get(key)! > row.lastSeenMs)
  );
}

function rankOf({ isComplete, isGone }: Candidate): number {
  return isComplete ? 0 : isGone ? 2 : 1;
}

function extra(row: Candidate, isNameTaken: boolean): Place {
  const [address] = row.hostnames as [string];
  const name = row.name === ""
    ? address
    : isNameTaken
    ? `${row.name} (${address})`
    : row.name;
  return { name, isExpected: false, row };
}

/** The places of the names as they were expected, and of the first with each short name. */
function indexNames(
  names: readonly string[],
): Record<"full" | "short", Map<string, number>> {
  const [full, short] = [new Map<string, number>(), new Map<string, number>()];
  for (const [index, name] of names.entries()) {
    const canonical = canonicalHost(name);
    full.set(canonical, index);
    const label = shortName(canonical);
    if (!short.has(label)) short.set(label, index);
  }
  return { full, short };
}
