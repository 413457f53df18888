/**
 * The sockets of one question to a UDP tracker: one for each family that it is
 * asked by, opened when it is needed, and all that arrives in one inbox.
 *
 * @module
 */
import { TrackerError } from "../base/errors.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type { KeptConnection } from "./udp_connections.ts";
import { UdpInbox } from "./udp_inbox.ts";
import { openUdpSocket, type UdpSocket } from "../net/udp_socket.ts";

const WILDCARDS = { ipv4: "0.0.0.0", ipv6: "::" } as const;
type Family = keyof typeof WILDCARDS;

/** Sends a question's datagrams and keeps what comes. */
export class UdpQuestionSockets implements AsyncDisposable {
  readonly inbox = new UdpInbox();
  readonly #sockets = new Map<Family, UdpSocket>();
  #failure: string | undefined;

  /** What the system said last of a datagram that it could not send, if it did. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /**
   * Sends to an IP address.
   * @throws {TrackerError} If there is no socket to be had.
   */
  send(datagram: Uint8Array, to: PeerAddress): void {
    const family = familyOf(to);
    let socket = this.#sockets.get(family);
    if (socket === undefined) {
      try {
        socket = this.#open(family, 0);
      } catch (error) {
        throw new TrackerError(
          `cannot open a UDP socket: ${messageOf(error)}`,
          { cause: error },
        );
      }
    }
    socket.send(datagram, to, (error) => this.#failure = error.message);
  }

  /**
   * Opens the port that a connection was given to.
   * @returns Whether it is to be had.
   */
  reopen({ connection, localPort }: KeptConnection): boolean {
    try {
      this.#open(familyOf(connection.address), localPort);
      return true;
    } catch {
      // Another has the port, or handles lack. The next one to be sent to has a
      // socket of its own, and says why if that is not to be had either.
      return false;
    }
  }

  /** The local port from which an address was sent to. */
  portTo(address: PeerAddress): number {
    return this.#sockets.get(familyOf(address))!.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sockets = [...this.#sockets.values()];
    await Promise.all(sockets.map((socket) => socket.close()));
  }

  #open(family: Family, port: number): UdpSocket {
    const socket = openUdpSocket({
      hostname: WILDCARDS[family],
      port,
      onDatagram: (datagram, source) => this.inbox.put(datagram, source),
      onError: reportError,
      onTrouble: (error) => this.#failure = error.message,
    });
    this.#sockets.set(family, socket);
    return socket;
  }
}

function familyOf({ hostname }: PeerAddress): Family {
  return hostname.includes(":") ? "ipv6" : "ipv4";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
