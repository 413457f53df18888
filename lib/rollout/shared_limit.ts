/**
 * A rate limit that the hosts of a rollout share. Each host has an even part. A host that
 * has used less for a while gets little more than it uses; the others get the rest. Pure.
 *
 * @module
 */

/** Most hosts that have a part. */
const MAX_MEMBERS = 10_000;
/** Silence after which a host has no part any more, in milliseconds. */
const SILENT_MS = 3_500;
/** Least time between two divisions without a new host, in milliseconds. */
const DIVISION_MS = 250;
/** Age of a part from which its use counts, in milliseconds: rates are averages of 5 s. */
const SETTLING_MS = 6_000;
/** Use of a part below which a host becomes modest, and from which it no longer is. */
const MODEST_SHARE = { below: 0.8, until: 0.95 } as const;
/** Part of a modest host, as a multiple of what it uses. */
const HEADROOM = 1.1;
/** Least part of a modest host, as a share of the even part. */
const LEAST_SHARE = 0.1;

/** A host that receives. Rates in bytes a second. */
interface Member {
  used: number;
  part: number;
  isModest: boolean;
  seenMs: number;
  /** The time at which the host's part became larger. */
  raisedMs: number;
}

/** A limit, divided among hosts. */
export class SharedLimit {
  /** The limit. */
  readonly bytesPerSecond: number;
  readonly #members = new Map<string, Member>();
  #dividedMs = -Infinity;

  /**
   * Gives nobody a part yet.
   * @param bytesPerSecond More than 0.
   */
  constructor(bytesPerSecond: number) {
    this.bytesPerSecond = bytesPerSecond;
  }

  /** The part that one more host would get. */
  get nextPart(): number {
    return this.bytesPerSecond / (this.#members.size + 1);
  }

  /** The part of a host that receives at a rate now. */
  partOf(key: string, used: number, nowMs: number): number {
    let member = this.#members.get(key);
    const isNew = member === undefined;
    if (member === undefined) {
      if (this.#members.size >= MAX_MEMBERS) return this.nextPart;
      member = {
        ...{ used, part: 0, isModest: false },
        ...{ seenMs: nowMs, raisedMs: nowMs },
      };
      this.#members.set(key, member);
    }
    member.used = used;
    member.seenMs = nowMs;
    if (used >= member.part * MODEST_SHARE.until) member.isModest = false;
    else if (nowMs - member.raisedMs > SETTLING_MS) {
      member.isModest ||= used < member.part * MODEST_SHARE.below;
    }
    if (isNew || nowMs - this.#dividedMs >= DIVISION_MS) this.#divide(nowMs);
    return member.part;
  }

  /** A host receives nothing any more. */
  leave(key: string): void {
    this.#members.delete(key);
  }

  #divide(nowMs: number): void {
    this.#dividedMs = nowMs;
    for (const [key, { seenMs }] of this.#members) {
      if (nowMs - seenMs > SILENT_MS) this.#members.delete(key);
    }
    let count = this.#members.size;
    let left = this.bytesPerSecond;
    const least = left / count * LEAST_SHARE;
    const demand = ({ isModest, used }: Member): number =>
      isModest ? Math.max(used * HEADROOM, least) : Infinity;
    const members = [...this.#members.values()];
    members.sort((one, other) => Math.sign(demand(one) - demand(other)) || 0);
    for (const member of members) {
      const part = Math.min(demand(member), left / count--);
      left -= part;
      if (part > member.part) member.raisedMs = nowMs;
      member.part = part;
    }
  }
}
