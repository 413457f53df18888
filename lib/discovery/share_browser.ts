/**
 * Finds the shares of other hosts by multicast DNS: a state machine with a bounded
 * cache. It asks at growing intervals and names the shares that it knows, so that
 * their hosts need not answer. It never sets the QU bit: a unicast answer to port
 * 5353 reaches one of a machine's programs only. [RFC 6762, 6763]
 *
 * @module
 */
import { BoundedMap } from "../base/bounded_map.ts";
import type { Random } from "../base/random.ts";
import {
  type DnsMessage,
  type DnsRecord,
  encodeDnsMessage,
} from "./dns_message.ts";
import { readShare, RECORD_TTL, SERVICE, type Share } from "./share_records.ts";

/** Shares that are remembered, and hosts of theirs. */
const MAX_SHARES = 256;
/** Addresses that are remembered of one host. */
const MAX_ADDRESSES = 16;
/** Shares named in a query: it stays below the size of a packet. */
const MAX_KNOWN_ANSWERS = 12;
/** The first query leaves within this time, so that machines started together do not ask at once. */
const FIRST_QUERY_RANGE_MS = 50;
const FIRST_INTERVAL_MS = 500;
const MAX_INTERVAL_MS = 45_000;

/** Options for {@linkcode ShareBrowser}. */
export interface ShareBrowserOptions {
  readonly random: Random;
  /** Called for each new share and each change of one. */
  readonly onShare: (share: Share) => void;
  /** Called when the last host of a share has taken leave, or is heard no longer. */
  readonly onGone: (id: string) => void;
}

/** What is known of one instance of the service. */
interface Instance {
  readonly name: string;
  service?: { readonly target: string; readonly port: number };
  texts?: readonly string[];
  /** The address that its records came from. */
  sender: string;
  expiresAtMs: number;
  share?: Share;
}

/** The shares of other hosts. All times are milliseconds on one clock. */
export class ShareBrowser {
  readonly #options: ShareBrowserOptions;
  readonly #instances = new Map<string, Instance>();
  readonly #addresses = new BoundedMap<string, string[]>(MAX_SHARES);
  #nextQueryMs: number;
  #intervalMs = FIRST_INTERVAL_MS;

  constructor(options: ShareBrowserOptions, now: number) {
    this.#options = options;
    this.#nextQueryMs = now + options.random() * FIRST_QUERY_RANGE_MS;
  }

  /** The time of the next {@linkcode takeDue}. */
  get nextAtMs(): number {
    return this.#instances.values().reduce(
      (least, { expiresAtMs }) => Math.min(least, expiresAtMs),
      this.#nextQueryMs,
    );
  }

  /** Asks again from the beginning, as after a change of networks. */
  restart(now: number): void {
    this.#intervalMs = FIRST_INTERVAL_MS;
    this.#nextQueryMs = now;
  }

  /** Takes a message; `from` is the address of its sender. */
  receive(
    { isResponse, answers }: DnsMessage,
    from: string,
    now: number,
  ): void {
    if (!isResponse) return;
    const changed = new Set<Instance>();
    for (const record of answers) this.#take(record, from, now, changed);
    // Addresses may stand after what refers to them.
    for (const instance of changed) this.#settle(instance);
  }

  /** Takes the queries that are due, and forgets what has expired. */
  takeDue(now: number): Uint8Array[] {
    for (const instance of [...this.#instances.values()]) {
      if (instance.expiresAtMs <= now) this.#forget(instance);
    }
    if (this.#nextQueryMs > now) return [];
    this.#nextQueryMs = now + this.#intervalMs;
    this.#intervalMs = Math.min(2 * this.#intervalMs, MAX_INTERVAL_MS);
    return [this.query(now)];
  }

  /** The question, with the shares that are known. */
  query(now: number): Uint8Array {
    const answers: DnsRecord[] = [];
    for (const { name, share, expiresAtMs } of this.#instances.values()) {
      const ttl = Math.floor((expiresAtMs - now) / 1000);
      const isFresh = share !== undefined && ttl * 2 > RECORD_TTL;
      if (isFresh && answers.length < MAX_KNOWN_ANSWERS) {
        answers.push({ name: SERVICE, type: "PTR", ttl, data: name });
      }
    }
    return encodeDnsMessage({
      isResponse: false,
      questions: [{ name: SERVICE, type: "PTR" }],
      answers,
      proposed: [],
    });
  }

  #take(
    record: DnsRecord,
    from: string,
    now: number,
    changed: Set<Instance>,
  ): void {
    const { name, type, ttl, data } = record;
    // A host that crashed is not listed longer than its share's host would have it.
    const expiresAtMs = now + Math.min(ttl, RECORD_TTL) * 1000;
    switch (type) {
      case "PTR": {
        if (name !== SERVICE || !data.endsWith(`.${SERVICE}`)) return;
        const instance = this.#instances.get(data);
        if (ttl > 0) this.#remember(data, from, expiresAtMs);
        else if (instance !== undefined) this.#forget(instance);
        return;
      }
      case "SRV":
      case "TXT": {
        if (!name.endsWith(`.${SERVICE}`) || ttl === 0) return;
        const instance = this.#remember(name, from, expiresAtMs);
        if (instance === undefined) return;
        if (type === "SRV") instance.service = data;
        else instance.texts = data;
        changed.add(instance);
        return;
      }
      case "A":
      case "AAAA": {
        const known = this.#addresses.get(name) ?? [];
        if (ttl === 0 || known.includes(data)) return;
        // The latest first: the host may have left the others.
        this.#addresses.set(name, [data, ...known].slice(0, MAX_ADDRESSES));
        for (const instance of this.#instances.values()) {
          if (instance.service?.target === name) changed.add(instance);
        }
        return;
      }
      case "NSEC":
        return;
      default:
        record satisfies never;
    }
  }

  #remember(
    name: string,
    sender: string,
    expiresAtMs: number,
  ): Instance | undefined {
    let instance = this.#instances.get(name);
    if (instance === undefined) {
      // Not the oldest ones: a flood of names must not hide the shares that are known.
      if (this.#instances.size >= MAX_SHARES) return undefined;
      instance = { name, sender, expiresAtMs };
      this.#instances.set(name, instance);
    }
    instance.sender = sender;
    // A direct answer is valid for seconds only.
    instance.expiresAtMs = Math.max(instance.expiresAtMs, expiresAtMs);
    return instance;
  }

  /** Reports a share that is complete and new. */
  #settle(instance: Instance): void {
    const { service, texts, sender } = instance;
    if (service === undefined || texts === undefined) return;
    const stated = this.#addresses.get(service.target) ?? [];
    // The sender's own address is one that surely answers.
    const addresses = [...new Set([sender, ...stated])];
    const share = readShare({ ...service, texts, addresses });
    if (share === undefined || isEqual(share, instance.share)) return;
    instance.share = share;
    this.#options.onShare(share);
  }

  #forget(instance: Instance): void {
    this.#instances.delete(instance.name);
    const id = instance.share?.id;
    const isElsewhere = this.#instances.values().some(({ share }) =>
      share?.id === id
    );
    if (id !== undefined && !isElsewhere) this.#options.onGone(id);
  }
}

/** Equal but for the order of addresses. */
function isEqual(one: Share, other: Share | undefined): boolean {
  if (other === undefined) return false;
  const [text, otherText] = [one, other].map((share) =>
    JSON.stringify({ ...share, addresses: [...share.addresses].sort() })
  );
  return text === otherText;
}
