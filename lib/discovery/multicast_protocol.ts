/**
 * A protocol that is spoken by multicast, as a state machine: datagrams and times
 * come in, datagrams go out.
 *
 * @module
 */
import type { PeerAddress } from "../base/peer_address.ts";

/** Port of multicast DNS. Here, so that it is known without the codec. */
export const DNS_PORT = 5353;

export type Family = "ipv4" | "ipv6";

/** A network interface that is up. */
export interface MulticastInterface {
  readonly name: string;
  /** Its addresses; IPv6 link-local ones have no meaning elsewhere and are left out. */
  readonly addresses: readonly string[];
}

/** The sender of a datagram. */
export interface Sender extends PeerAddress {
  /** The interface in whose network it is; undefined for an IPv6 link-local address. */
  readonly interfaceName: string | undefined;
}

/** A datagram to send: to the group, or to one host. */
export type OutgoingDatagram =
  | {
    readonly datagram: Uint8Array;
    /** @default every interface */
    readonly interfaceName?: string | undefined;
    /** @default both */
    readonly family?: Family;
  }
  | { readonly datagram: Uint8Array; readonly to: PeerAddress };

/** A protocol as a state machine. All times are milliseconds on one clock. */
export interface MulticastProtocol {
  /** Called at the start and whenever an address comes or goes. */
  interfacesChanged(
    interfaces: readonly MulticastInterface[],
    now: number,
  ): void;
  /** Takes a datagram: a view, valid until it returns. */
  receive(datagram: Uint8Array, from: Sender, now: number): void;
  /** Takes what is to be sent now. */
  takeDue(now: number): readonly OutgoingDatagram[];
  /** The time of the next {@linkcode takeDue}; `Infinity` if nothing is planned. */
  readonly nextAtMs: number;
}
