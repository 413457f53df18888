/**
 * Finds the shares of other hosts by multicast DNS: a state machine with a bounded
 * cache. It asks at growing intervals and names the shares that it knows, so that
 * their hosts need not answer. It never sets the QU bit: a unicast answer to port
 * 5353 reaches one of a machine's programs only. [RFC 6762, 6763]
 *
 * @module
 */
import { BoundedMap } from "../base/bounded_map.ts";
import { isDialable } from "../base/peer_address.ts";
import {
  decodeDnsMessage,
  type DnsRecord,
  encodeDnsMessage,
} from "./dns_message.ts";
import type {
  MulticastInterface,
  MulticastProtocol,
  OutgoingDatagram,
  Sender,
} from "./multicast_protocol.ts";
import { readShare, RECORD_TTL, SERVICE, type Share } from "./share_records.ts";

/** Shares that are remembered, and hosts of theirs. */
const MAX_SHARES = 256;
/** Addresses that are remembered of one host. */
const MAX_ADDRESSES = 16;
/** Shares named in a query: it stays below the size of a packet. */
const MAX_KNOWN_ANSWERS = 12;
const FIRST_INTERVAL_MS = 500;
const MAX_INTERVAL_MS = 45_000;

/** Options for `findShares`. */
export interface FindSharesOptions {
  /** Ends the search. */
  readonly signal: AbortSignal;
  /** Called for each share that is found, and again when one changes. */
  readonly onShare: (share: Share) => void;
  /** Called with the id of a share: its last host took leave, or its records expired. */
  readonly onGone?: (id: string) => void;
  /**
   * Reports the shares of the host with this IP address only. It is asked directly
   * too, which works where multicast does not.
   * @default all hosts
   */
  readonly hostAddress?: string | undefined;
}

/** The known records of one instance of the service. */
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
export class ShareBrowser implements MulticastProtocol {
  readonly #options: Omit<FindSharesOptions, "signal">;
  readonly #instances = new Map<string, Instance>();
  readonly #addresses = new BoundedMap<string, string[]>(MAX_SHARES);
  #nextQueryMs = Infinity;
  #intervalMs = FIRST_INTERVAL_MS;

  constructor(options: Omit<FindSharesOptions, "signal">) {
    this.#options = options;
  }

  get nextAtMs(): number {
    return this.#instances.values().reduce(
      (least, { expiresAtMs }) => Math.min(least, expiresAtMs),
      this.#nextQueryMs,
    );
  }

  /** Asks again from the beginning. */
  interfacesChanged(_: readonly MulticastInterface[], now: number): void {
    this.#intervalMs = FIRST_INTERVAL_MS;
    this.#nextQueryMs = now;
  }

  receive(datagram: Uint8Array, { hostname: from }: Sender, now: number): void {
    const { hostAddress = from } = this.#options;
    if (hostAddress !== from) return;
    const message = decodeDnsMessage(datagram);
    if (!message?.isResponse) return;
    const changed = new Set<Instance>();
    const moved = new Set<string>();
    for (const record of message.answers) {
      this.#take(record, { from, now, changed, moved });
    }
    for (const instance of this.#instances.values()) {
      const { service, sender } = instance;
      const isMoved = sender === from && service !== undefined &&
        moved.has(service.target);
      if (isMoved) changed.add(instance);
    }
    // Addresses may stand after what refers to them.
    for (const instance of changed) this.#settle(instance);
  }

  /** Takes the queries that are due, and forgets what has expired. */
  takeDue(now: number): OutgoingDatagram[] {
    for (const instance of [...this.#instances.values()]) {
      if (instance.expiresAtMs <= now) this.#forget(instance);
    }
    if (this.#nextQueryMs > now) return [];
    this.#nextQueryMs = now + this.#intervalMs;
    this.#intervalMs = Math.min(2 * this.#intervalMs, MAX_INTERVAL_MS);
    return [{ datagram: this.query(now) }];
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
    });
  }

  #take(
    record: DnsRecord,
    { from, now, changed, moved }: {
      readonly from: string;
      readonly now: number;
      readonly changed: Set<Instance>;
      /** Names of hosts with new addresses. */
      readonly moved: Set<string>;
    },
  ): void {
    const { name, type, ttl, data } = record;
    // A host that crashed is not listed longer than its share's host would have it.
    const expiresAtMs = now + Math.min(ttl, RECORD_TTL) * 1000;
    switch (type) {
      case "PTR": {
        if (name !== SERVICE || !data.endsWith(`.${SERVICE}`)) return;
        const instance = this.#instances.get(data);
        if (ttl > 0) this.#remember(data, from, expiresAtMs);
        else if (instance !== undefined && isFrom(instance, from)) {
          this.#forget(instance);
        }
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
        const key = `${from} ${name}`;
        const known = this.#addresses.get(key) ?? [];
        if (ttl === 0 || known.includes(data)) return;
        // The latest first: the host may have left the others.
        this.#addresses.set(key, [data, ...known].slice(0, MAX_ADDRESSES));
        moved.add(name);
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
      if (!this.#makeRoom(sender)) return undefined;
      instance = { name, sender, expiresAtMs };
      this.#instances.set(name, instance);
    } else if (!isFrom(instance, sender)) return undefined;
    instance.sender = sender;
    // A direct answer is valid for seconds only.
    instance.expiresAtMs = Math.max(instance.expiresAtMs, expiresAtMs);
    return instance;
  }

  /** When all are taken, the host with most shares gives one to a host with fewer. */
  #makeRoom(sender: string): boolean {
    if (this.#instances.size < MAX_SHARES) return true;
    const bySender = Map.groupBy(
      this.#instances.values(),
      ({ sender }) => sender,
    );
    const most = bySender.values().reduce((one, other) =>
      other.length > one.length ? other : one
    );
    if (most.length <= (bySender.get(sender)?.length ?? 0) + 1) return false;
    this.#forget(most.at(-1)!);
    return true;
  }

  /** Reports a share that is complete and new. */
  #settle(instance: Instance): void {
    const { service, texts, sender } = instance;
    if (service === undefined || texts === undefined) return;
    const { port } = service;
    const stated = (this.#addresses.get(`${sender} ${service.target}`) ?? [])
      .filter((hostname) => isDialable({ hostname, port }, sender));
    // The sender's own address is one that surely answers.
    const addresses = [...new Set([sender, ...stated])];
    const share = readShare({ ...service, texts, addresses });
    if (share === undefined || isSameShare(share, instance.share)) return;
    instance.share = share;
    this.#options.onShare(share);
  }

  #forget(instance: Instance): void {
    this.#instances.delete(instance.name);
    const id = instance.share?.id;
    const isElsewhere = this.#instances.values().some(({ share }) =>
      share?.id === id
    );
    if (id !== undefined && !isElsewhere) this.#options.onGone?.(id);
  }
}

/** True for shares that are equal but for the order of addresses. */
function isSameShare(one: Share, other: Share | undefined): boolean {
  const [text, otherText] = [one, other].map((share) =>
    JSON.stringify({ ...share, addresses: share?.addresses.toSorted() })
  );
  return text === otherText;
}

/**
 * True if records from `sender` may change an instance: those of the host that
 * stated it. Other hosts can neither take it over nor take leave of it.
 */
function isFrom({ sender, share }: Instance, from: string): boolean {
  return from === sender || share?.addresses.includes(from) === true;
}
