/**
 * Answers queries of multicast DNS for the shares of this machine and for its name:
 * a state machine. Records are sent in groups, a share or the host, each with all
 * that belongs to it, so that one answer is enough.
 *
 * Shares do not wait for the probing of the host's name: their records refer to a
 * random one. [RFC 6762]
 *
 * @module
 */
import type { PeerAddress } from "../base/peer_address.ts";
import { type Random, randomBelow } from "../base/random.ts";
import { RateLimiter } from "../base/rate_limiter.ts";
import {
  decodeDnsMessage,
  type DnsMessage,
  type DnsRecord,
  encodeDnsMessage,
  isSameRecord,
  lowerCaseName,
} from "./dns_message.ts";
import { HostName } from "./host_name.ts";
import {
  DNS_PORT,
  type MulticastInterface,
  type MulticastProtocol,
  type OutgoingDatagram,
  type Sender,
} from "./multicast_protocol.ts";
import {
  hostRecords,
  instanceName,
  type OwnShare,
  RECORD_TTL,
  shareRecords,
} from "./share_records.ts";

/** An answer leaves after 20 to 120 ms, in which others may join it. */
const MIN_ANSWER_DELAY_MS = 20;
const ANSWER_DELAY_RANGE_MS = 100;
/** Time between two multicasts of a record on one interface; shorter if a probe asks. */
const REPEAT_MS = 1_000;
const PROBED_REPEAT_MS = 250;
/** Questions of a resolver that does not speak multicast; the answer repeats them. */
const MAX_DIRECT_QUESTIONS = 4;
/** Answers to such resolvers: the address of one that asks may be forged. */
const DIRECT_RATE = { perSecond: 200, burst: 400 };
/** Seconds for which a resolver that does not speak multicast may keep an answer. */
const UNICAST_TTL = 10;

/** The records that are sent together: of the host, or of the share with an id. */
type Group = "host" | `share ${string}`;

interface PlannedAnswer {
  readonly group: Group;
  readonly interfaceName: string;
  readonly atMs: number;
}

/** The shares of this machine. All times are milliseconds on one clock. */
export class ShareResponder implements MulticastProtocol {
  readonly #random: Random;
  /** Of the names of this host and its shares that others do not type. */
  readonly #suffix: string;
  /** With the name of each in DNS. */
  readonly #shares = new Map<Group, { share: OwnShare; instance: string }>();
  #shareCount = 0;
  #interfaces: readonly MulticastInterface[] = [];
  #planned: PlannedAnswer[] = [];
  /** When each group left last, for as long as that delays it. */
  readonly #lastSentMs = new Map<string, number>();
  readonly #directRate = new RateLimiter(DIRECT_RATE);
  readonly #immediate: OutgoingDatagram[] = [];
  readonly #hostName: HostName;

  /** @param onHostName Called when the host's name, such as `lanswarm.local`, is ours. */
  constructor(random: Random, onHostName?: (name: string) => void) {
    this.#random = random;
    const number = randomBelow(2 ** 32, random);
    this.#suffix = number.toString(16).padStart(8, "0");
    this.#hostName = new HostName({
      random,
      onClaimed: (name, now) => {
        this.#announce("host", now);
        onHostName?.(name);
      },
      repeat: (now) => {
        for (const { name } of this.#interfaces) this.#plan("host", name, now);
      },
    });
  }

  get hostName(): string | undefined {
    return this.#hostName.name;
  }

  get nextAtMs(): number {
    if (this.#immediate.length > 0) return -Infinity;
    return this.#planned.reduce(
      (least, { atMs }) => Math.min(least, atMs),
      this.#hostName.nextAtMs,
    );
  }

  /** Announces everything anew, with the addresses of these interfaces. */
  interfacesChanged(
    interfaces: readonly MulticastInterface[],
    now: number,
  ): void {
    this.#interfaces = interfaces;
    this.#hostName.interfacesChanged(interfaces, now);
    for (const group of this.#groups()) this.#announce(group, now);
  }

  /** Adds a share, or replaces the one with its id, and announces it. */
  setShare(share: OwnShare, now: number): void {
    const group: Group = `share ${share.id}`;
    let known = this.#shares.get(group);
    if (known !== undefined && known.share.name !== share.name) {
      this.removeShare(share.id);
      known = undefined;
    }
    const suffix = `${this.#suffix}-${++this.#shareCount}`;
    const instance = known?.instance ?? instanceName(share.name, suffix);
    this.#shares.set(group, { share, instance });
    this.#announce(group, now);
  }

  removeShare(id: string): void {
    this.#immediate.push(...this.#goodbye([`share ${id}`]));
    this.#shares.delete(`share ${id}`);
  }

  goodbye(): OutgoingDatagram[] {
    return this.#goodbye(this.#groups());
  }

  receive(datagram: Uint8Array, from: Sender, now: number): void {
    const message = decodeDnsMessage(datagram);
    if (message === undefined) return;
    this.#hostName.receive(message, from, now);
    if (message.isResponse) return;
    if (from.port === DNS_PORT) this.#planAnswers(message, from, now);
    else this.#answerDirectly(message, from, now);
  }

  takeDue(now: number): OutgoingDatagram[] {
    const due = this.#immediate.splice(0);
    due.push(...this.#hostName.takeDue(now));
    const ready = this.#planned.filter(({ atMs }) => atMs <= now);
    this.#planned = this.#planned.filter(({ atMs }) => atMs > now);
    for (const [key, sentMs] of this.#lastSentMs) {
      if (now - sentMs >= REPEAT_MS) this.#lastSentMs.delete(key);
    }
    for (const { group, interfaceName } of ready) {
      const key = `${interfaceName} ${group}`;
      if (this.#lastSentMs.get(key) === now) continue;
      this.#lastSentMs.set(key, now);
      due.push(...this.#multicast(group, interfaceName));
    }
    return due;
  }

  #groups(): Group[] {
    return ["host", ...this.#shares.keys()];
  }

  #records(group: Group, interfaceName: string, ttl = RECORD_TTL): DnsRecord[] {
    const { addresses = [] } =
      this.#interfaces.find(({ name }) => name === interfaceName) ?? {};
    if (addresses.length === 0) return [];
    if (group === "host") {
      const { hostName } = this;
      return hostName === undefined
        ? []
        : hostRecords(hostName, addresses, ttl);
    }
    const known = this.#shares.get(group);
    if (known === undefined) return [];
    const { share, instance } = known;
    const host = `lanswarm-${this.#suffix}.local`;
    return [
      ...shareRecords(share, { instance, host, ttl }),
      ...hostRecords(host, addresses, ttl),
    ];
  }

  #announce(group: Group, now: number): void {
    for (const { name: interfaceName } of this.#interfaces) {
      for (const atMs of [now, now + REPEAT_MS]) {
        this.#planned.push({ group, interfaceName, atMs });
      }
    }
  }

  #multicast(
    group: Group,
    interfaceName: string,
    ttl?: number,
  ): OutgoingDatagram[] {
    const answers = this.#records(group, interfaceName, ttl);
    if (answers.length === 0) return [];
    const datagram = encodeDnsMessage({ isResponse: true, answers });
    return [{ datagram, interfaceName }];
  }

  #goodbye(groups: readonly Group[]): OutgoingDatagram[] {
    return this.#interfaces.flatMap(({ name }) =>
      groups.flatMap((group) => this.#multicast(group, name, 0))
    );
  }

  /** Plans an answer for each group that a question asks for and the sender does not know. */
  #planAnswers(message: DnsMessage, from: Sender, now: number): void {
    const isProbe = message.proposed.length > 0;
    const repeatMs = isProbe ? PROBED_REPEAT_MS : REPEAT_MS;
    for (const { name: interfaceName } of this.#interfaces) {
      if ((from.interfaceName ?? interfaceName) !== interfaceName) continue;
      for (const group of this.#groups()) {
        if (!this.#isAsked(group, interfaceName, message)) continue;
        this.#plan(group, interfaceName, now, repeatMs);
      }
    }
  }

  /** Plans to send a group after the delay of an answer, unless that is planned. */
  #plan(
    group: Group,
    interfaceName: string,
    now: number,
    repeatMs = REPEAT_MS,
  ): void {
    const key = `${interfaceName} ${group}`;
    const delayMs = MIN_ANSWER_DELAY_MS +
      this.#random() * ANSWER_DELAY_RANGE_MS;
    const lastMs = this.#lastSentMs.get(key) ?? -Infinity;
    const atMs = Math.max(now + delayMs, lastMs + repeatMs);
    const isPlanned = this.#planned.some((planned) =>
      planned.group === group && planned.interfaceName === interfaceName &&
      planned.atMs <= atMs + ANSWER_DELAY_RANGE_MS
    );
    if (!isPlanned) this.#planned.push({ group, interfaceName, atMs });
  }

  #isAsked(
    group: Group,
    interfaceName: string,
    { questions, answers: known }: DnsMessage,
  ): boolean {
    const records = this.#records(group, interfaceName);
    return records.some((record) => {
      const own = lowerCaseName(record.name);
      const isWanted = questions.some(({ name, type }) =>
        name === own && isAnswer(record, type)
      );
      return isWanted &&
        !known.some((other) =>
          isSameRecord(record, other) && other.ttl * 2 >= record.ttl
        );
    });
  }

  /** Answers a resolver that knows no multicast: to its own port, with its question. */
  #answerDirectly(message: DnsMessage, from: Sender, now: number): void {
    const { name } =
      this.#interfaces.find(({ name }) =>
        (from.interfaceName ?? name) === name
      ) ?? {};
    const isLong = message.questions.length > MAX_DIRECT_QUESTIONS;
    if (name === undefined || isLong) return;
    const asked = this.#groups()
      .filter((group) => this.#isAsked(group, name, message))
      .filter(() => this.#directRate.tryTake(1, now));
    const to: PeerAddress = { hostname: from.hostname, port: from.port };
    for (const group of asked) {
      const answers = this.#records(group, name, UNICAST_TTL)
        .map((record) => ({ ...record, flush: false }));
      const { id = 0, questions } = message;
      const response = { id, isResponse: true, questions, answers };
      this.#immediate.push({ datagram: encodeDnsMessage(response), to });
    }
  }
}

/** True if a record answers a question for a type. */
function isAnswer(record: DnsRecord, type: string): boolean {
  if (type === record.type || type === "ANY") return true;
  return record.type === "NSEC" && (type === "A" || type === "AAAA") &&
    !record.data.rrtypes.includes(type);
}
