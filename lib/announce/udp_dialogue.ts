/**
 * A question to a tracker over UDP, as a pure state machine: it connects, asks,
 * repeats what is not answered and gives up in the end. It never waits and never
 * sends; whoever has the sockets asks for the next step and hands over what
 * arrives. [BEP 15]
 *
 * Only an answer from where the question went, with the transaction id of the
 * question, is one: anybody can send anything to a port.
 *
 * @module
 */
import { formatPeerAddress, type PeerAddress } from "../base/peer_address.ts";
import { unmapHostname } from "../base/ip_address.ts";
import { UDP_ACTIONS, type UdpFamily } from "./udp_message.ts";
import { encodeUdpConnect, type UdpCall } from "./udp_request.ts";
import { parseUdpConnected, readUdpResponseHead } from "./udp_response.ts";

/**
 * Time until a request is repeated, doubled each time, in milliseconds. BEP 15
 * has 15 s, for the Internet of 2008; a LAN answers within a millisecond.
 */
export const UDP_FIRST_RETRY_MS = 1_000;

/** How often a request is sent before the tracker counts as silent: for 7 s in all. */
export const UDP_TRIES = 3;

/** How long a connection id serves, in milliseconds. [BEP 15] */
export const UDP_CONNECTION_LIFE_MS = 60_000;

/** A tracker's word that it takes our address for ours. */
export interface UdpConnection {
  /** Where the tracker is. */
  readonly address: PeerAddress;
  readonly id: bigint;
  readonly receivedAtMs: number;
}

/** What is asked, and how the answer is read. */
export interface UdpQuestion<T> {
  readonly encode: (call: UdpCall) => Uint8Array<ArrayBuffer>;
  /** @throws {TrackerError} If the answer is a refusal or makes no sense. */
  readonly parse: (datagram: Uint8Array, family: UdpFamily) => T;
}

/** What to do now. */
export type UdpStep =
  | {
    readonly type: "send";
    readonly datagram: Uint8Array<ArrayBuffer>;
    readonly to: readonly PeerAddress[];
  }
  /** Nothing before `untilMs` but to hand over what arrives. */
  | { readonly type: "wait"; readonly untilMs: number }
  /** The tracker is silent. */
  | { readonly type: "giveUp" };

/** What an arrived datagram has changed. */
export type UdpHeard<T> =
  | { readonly type: "answer"; readonly answer: T }
  /** Nothing, or the next step is another. */
  | { readonly type: "nothing" };

/** How a {@linkcode UdpDialogue} is set up. */
export interface UdpDialogueOptions<T> {
  readonly question: UdpQuestion<T>;
  /** The tracker's addresses; all are tried, and the first to answer is asked. */
  readonly addresses: readonly PeerAddress[];
  /** One that may still serve; the tracker may have forgotten it. */
  readonly connection: UdpConnection | undefined;
  /** 32 bits that nobody foretells. */
  readonly createTransactionId: () => number;
}

const NOTHING = { type: "nothing" } as const;

/** One question; all times are milliseconds on one clock. */
export class UdpDialogue<T> {
  readonly #options: UdpDialogueOptions<T>;
  #connection: UdpConnection | undefined;
  /** Whether this dialogue was given the connection by the tracker, just now. */
  #isConnectionNew = false;
  #transactionId: number;
  #tries = 0;
  #retryAtMs = -Infinity;

  constructor(options: UdpDialogueOptions<T>) {
    this.#options = options;
    this.#connection = options.connection;
    this.#transactionId = options.createTransactionId();
  }

  /** What the next question may be asked with. */
  get connection(): UdpConnection | undefined {
    return this.#connection;
  }

  /** What to do at `nowMs`. A step to send is to be performed once. */
  next(nowMs: number): UdpStep {
    if (nowMs < this.#retryAtMs) {
      return { type: "wait", untilMs: this.#retryAtMs };
    }
    if (this.#connection !== undefined && this.#isDoubtful(nowMs)) {
      this.#begin(undefined);
    }
    if (this.#tries === UDP_TRIES) return { type: "giveUp" };
    this.#retryAtMs = nowMs + UDP_FIRST_RETRY_MS * 2 ** this.#tries;
    this.#tries++;
    const transactionId = this.#transactionId;
    const { question, addresses } = this.#options;
    return this.#connection === undefined
      ? {
        type: "send",
        datagram: encodeUdpConnect(transactionId),
        to: addresses,
      }
      : {
        type: "send",
        datagram: question.encode({
          connectionId: this.#connection.id,
          transactionId,
        }),
        to: [this.#connection.address],
      };
  }

  /**
   * Takes what arrived from an address.
   * @throws {TrackerError} If the tracker refuses or makes no sense.
   */
  receive(
    datagram: Uint8Array,
    source: PeerAddress,
    nowMs: number,
  ): UdpHeard<T> {
    const head = readUdpResponseHead(datagram);
    if (head?.transactionId !== this.#transactionId) return NOTHING;
    const connection = this.#connection;
    if (connection === undefined) {
      const address = this.#options.addresses.find((address) =>
        isSame(address, source)
      );
      if (address === undefined) return NOTHING;
      const id = parseUdpConnected(datagram);
      this.#isConnectionNew = true;
      this.#begin({ address, id, receivedAtMs: nowMs });
      return NOTHING;
    }
    if (!isSame(connection.address, source)) return NOTHING;
    // A tracker that was restarted knows no id of before.
    if (head.action === UDP_ACTIONS.error && !this.#isConnectionNew) {
      this.#begin(undefined);
      return NOTHING;
    }
    const family = connection.address.hostname.includes(":") ? "ipv6" : "ipv4";
    return {
      type: "answer",
      answer: this.#options.question.parse(datagram, family),
    };
  }

  /** Too old, or one of before that the tracker does not answer to. */
  #isDoubtful(nowMs: number): boolean {
    const { receivedAtMs } = this.#connection!;
    return nowMs - receivedAtMs >= UDP_CONNECTION_LIFE_MS ||
      (!this.#isConnectionNew && this.#tries > 0);
  }

  /** Another request than before: for a connection, or with one. */
  #begin(connection: UdpConnection | undefined): void {
    this.#connection = connection;
    this.#transactionId = this.#options.createTransactionId();
    this.#tries = 0;
    this.#retryAtMs = -Infinity;
  }
}

/** A socket for both families tells an IPv4 address as IPv4-mapped IPv6. */
function isSame(address: PeerAddress, source: PeerAddress): boolean {
  const { hostname, port } = source;
  return formatPeerAddress(address) ===
    formatPeerAddress({ hostname: unmapHostname(hostname), port });
}
