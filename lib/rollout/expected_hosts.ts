/**
 * Matches the rows of a rollout with the hosts that are expected, and names them. A
 * host is expected by its address, or by the name that it reports, short or full.
 * Invariant: of several hosts with one name, the first keeps it while it is there, so
 * a host that claims another one's name gets a row of its own. Pure.
 *
 * @module
 */
import { canonicalHost, type Expectation, shortName } from "./expectation.ts";
import type { HostRow } from "./host_row.ts";
import type { RolloutHost } from "./host_state.ts";

/** Silence after which another host of the same name may take over, in milliseconds. */
const TAKEN_OVER_MS = 60_000;

/** A place in the list of hosts. */
export interface Place extends Pick<RolloutHost, "name" | "isExpected"> {
  /** `undefined` for an expected host that was never seen. */
  readonly row: HostRow | undefined;
}

/** The expected hosts in their order, then the others in theirs. */
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
