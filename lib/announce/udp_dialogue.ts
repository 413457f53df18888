/**
 * One request to a UDP tracker as a pure state machine: it connects, sends the
 * request, repeats what is not answered and gives up in the end. [BEP 15] It never
 * waits and never sends; its driver asks for the next step and passes on what
 * arrives.
 *
 * Only a datagram from the address that was asked, with the transaction id of the
 * request, is an answer: any host can send anything to a port.
 *
 * @module
 */
import { unmapHostname } from "../base/ip_address.ts";
import { formatPeerAddress, type PeerAddress } from "../base/peer_address.ts";
import {
  encodeUdpConnect,
  UDP_ACTIONS,
  type UdpFamily,
  type UdpRequestIds,
} from "./udp_request.ts";
import { parseUdpConnected, readUdpResponseHead } from "./udp_response.ts";

/**
 * Time until a datagram is repeated, doubled each time, in milliseconds. BEP 15
 * has 15 s, for the Internet of 2008; on a LAN a tracker answers in a millisecond.
 */
const UDP_FIRST_RETRY_MS = 1_000;
/** Times that a datagram is sent before the tracker counts as silent: 7 s in all. */
const UDP_TRIES = 3;
/** Time for which a connection id is valid, in milliseconds. [BEP 15] */
const UDP_CONNECTION_LIFE_MS = 60_000;

/** A connection id, by which a tracker knows that our address is ours. */
export interface UdpConnection {
  /** The tracker's address. */
  readonly address: PeerAddress;
  readonly id: bigint;
  readonly receivedAtMs: number;
}

/** A request, and the decoder of its response. */
export interface UdpRequest<T> {
  readonly encode: (ids: UdpRequestIds) => Uint8Array<ArrayBuffer>;
  /** @throws {TrackerError} If the response is a refusal or malformed. */
  readonly parse: (datagram: Uint8Array, family: UdpFamily) => T;
}

/** The next thing to do. */
export type UdpStep =
  | {
    readonly type: "send";
    readonly datagram: Uint8Array<ArrayBuffer>;
    readonly to: readonly PeerAddress[];
  }
  /** Nothing before `untilMs`, but to pass on what arrives. */
  | { readonly type: "wait"; readonly untilMs: number }
  /** The tracker is silent. */
  | { readonly type: "giveUp" };

/** Options for {@linkcode UdpDialogue}. */
export interface UdpDialogueOptions<T> {
  readonly request: UdpRequest<T>;
  /** The tracker's addresses: all are tried, and the first to answer is used. */
  readonly addresses: readonly PeerAddress[];
  /** A connection that may still be valid. */
  readonly connection: UdpConnection | undefined;
  /** Returns 32 bits that no other host can predict. */
  readonly createTransactionId: () => number;
}

/** One request. All times are milliseconds on one clock. */
export class UdpDialogue<T> {
  readonly #options: UdpDialogueOptions<T>;
  #connection: UdpConnection | undefined;
  /** True for a connection that the tracker gave us in this dialogue. */
  #isConnectionNew = false;
  #transactionId: number;
  #tries = 0;
  #retryAtMs = -Infinity;

  constructor(options: UdpDialogueOptions<T>) {
    this.#options = options;
    this.#connection = options.connection;
    this.#transactionId = options.createTransactionId();
  }

  /** A connection for the next request. */
  get connection(): UdpConnection | undefined {
    return this.#connection;
  }

  /** The next step at `nowMs`. A step to send is performed once. */
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
    const { request, addresses } = this.#options;
    if (this.#connection === undefined) {
      const datagram = encodeUdpConnect(transactionId);
      return { type: "send", datagram, to: addresses };
    }
    const { id: connectionId, address } = this.#connection;
    const datagram = request.encode({ connectionId, transactionId });
    return { type: "send", datagram, to: [address] };
  }

  /**
   * Takes a datagram that arrived from `source`. Returns the answer to the
   * request; `undefined` if it is not that, and perhaps leads to another next step.
   * @throws {TrackerError} If the tracker refuses or its answer is malformed.
   */
  receive(
    datagram: Uint8Array,
    source: PeerAddress,
    nowMs: number,
  ): { readonly answer: T } | undefined {
    const head = readUdpResponseHead(datagram);
    if (head?.transactionId !== this.#transactionId) return undefined;
    const connection = this.#connection;
    if (connection === undefined) {
      const address = this.#options.addresses.find((address) =>
        isSame(address, source)
      );
      if (address === undefined) return undefined;
      const id = parseUdpConnected(datagram);
      this.#isConnectionNew = true;
      this.#begin({ address, id, receivedAtMs: nowMs });
      return undefined;
    }
    if (!isSame(connection.address, source)) return undefined;
    // A tracker that was restarted does not know older connection ids.
    if (head.action === UDP_ACTIONS.error && !this.#isConnectionNew) {
      this.#begin(undefined);
      return undefined;
    }
    const family = connection.address.hostname.includes(":") ? "ipv6" : "ipv4";
    return { answer: this.#options.request.parse(datagram, family) };
  }

  /** True for a connection that is too old, or an older one that the tracker does not answer to. */
  #isDoubtful(nowMs: number): boolean {
    const { receivedAtMs } = this.#connection!;
    return nowMs - receivedAtMs >= UDP_CONNECTION_LIFE_MS ||
      (!this.#isConnectionNew && this.#tries > 0);
  }

  /** Begins another datagram: a connect request, or the request with a connection. */
  #begin(connection: UdpConnection | undefined): void {
    this.#connection = connection;
    this.#transactionId = this.#options.createTransactionId();
    this.#tries = 0;
    this.#retryAtMs = -Infinity;
  }
}

/** A dual-stack socket reports an IPv4 address as IPv4-mapped IPv6. */
function isSame(address: PeerAddress, source: PeerAddress): boolean {
  const { hostname, port } = source;
  return formatPeerAddress(address) ===
    formatPeerAddress({ hostname: unmapHostname(hostname), port });
}
