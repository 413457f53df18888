/**
 * The open connections of one torrent, by the key that the swarm knows them by.
 * Owns each from its handshake to its end and remembers why it ended; what is
 * said on them is the swarm's business.
 *
 * @module
 */
import type { ProtocolError } from "../base/errors.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type { PeerChannel } from "./peer_channel.ts";
import type { ConnectionEnd } from "../dialing/dialer.ts";
import type { DisconnectReason, PeerKey } from "../swarm/events.ts";
import type { BlockRange, ControlMessage, Message } from "../wire/message.ts";
import type { OutboxOptions } from "./outbox.ts";
import type { Pacer } from "./pacer.ts";
import { PeerLink } from "./peer_link.ts";
import type { SessionEvent } from "./session_event.ts";

/** What connections need, and whom they tell. */
export interface PeerConnectionsOptions {
  readonly createPeerKey: () => PeerKey;
  /** Greatest frame accepted from a peer, in bytes. */
  readonly maxFrameLength: number;
  /** Number of pieces in the torrent. */
  readonly pieceCount: number;
  readonly uploadPacer: Pacer;
  readonly downloadPacer: Pacer;
  readonly readBlock: OutboxOptions["readBlock"];
  /** Takes each message as it comes; its bytes are views, valid during the call. */
  readonly onMessage: (peer: PeerKey, message: Message) => void;
  /** Blocks have left for the network; lengths in bytes. */
  readonly onBlocksSent: (peer: PeerKey, lengths: readonly number[]) => void;
  /** A connection is over; `dialed` is the address that was dialed, if we did. */
  readonly onOver: (
    peer: PeerKey,
    end: ConnectionEnd,
    dialed: PeerAddress | undefined,
  ) => void;
  readonly onEvent: (event: SessionEvent) => void;
}

interface Connection {
  readonly link: PeerLink;
  readonly address: PeerAddress;
  readonly dialed: PeerAddress | undefined;
  /** Whether a message came after the handshake. */
  hasSpoken: boolean;
  /** Set when the swarm ends the connection. */
  end: { reason: DisconnectReason; detail: string } | undefined;
}

/** The connections of one torrent. */
export class PeerConnections {
  readonly #options: PeerConnectionsOptions;
  readonly #connections = new Map<PeerKey, Connection>();

  constructor(options: PeerConnectionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Takes a greeted channel; nothing is read or sent before {@linkcode run}. */
  add(channel: PeerChannel, dialed: PeerAddress | undefined): PeerKey {
    const peer = this.#options.createPeerKey();
    const { maxFrameLength, pieceCount, readBlock } = this.#options;
    const { uploadPacer, downloadPacer } = this.#options;
    const link = new PeerLink({
      channel,
      pieceCount,
      limits: { maxLength: maxFrameLength },
      onMessage: (message) => {
        connection.hasSpoken = true;
        this.#options.onMessage(peer, message);
      },
      readBlock,
      onBlocksSent: (lengths) => this.#options.onBlocksSent(peer, lengths),
      uploadPacer,
      downloadPacer,
    });
    const connection: Connection = {
      link,
      address: { hostname: channel.hostname, port: channel.port },
      dialed,
      hasSpoken: false,
      end: undefined,
    };
    this.#connections.set(peer, connection);
    return peer;
  }

  /**
   * Runs a connection to its end.
   * @throws {StorageError} If a block to be sent cannot be read.
   */
  async run(peer: PeerKey): Promise<void> {
    const { onEvent, onOver } = this.#options;
    const connection = this.#connections.get(peer)!;
    const { link, address, dialed } = connection;
    // One that the swarm refused at once is not worth telling of.
    const isWelcome = connection.end === undefined;
    if (isWelcome) onEvent({ type: "peerConnected", address });
    let fault: ProtocolError | undefined;
    try {
      fault = await link.run();
    } finally {
      this.#connections.delete(peer);
      onOver(peer, endOf(connection, fault), dialed);
      if (isWelcome) {
        const reason = connection.end?.detail ?? fault?.message;
        onEvent({ type: "peerDisconnected", address, reason });
      }
    }
  }

  addressOf(peer: PeerKey): PeerAddress {
    return this.#connections.get(peer)!.address;
  }

  send(peer: PeerKey, message: ControlMessage): void {
    this.#connections.get(peer)?.link.outbox.send(message);
  }

  sendBlock(peer: PeerKey, block: BlockRange): void {
    this.#connections.get(peer)?.link.outbox.sendBlock(block);
  }

  /** Ends a connection for a reason; {@linkcode run} then comes to its end. */
  close(peer: PeerKey, reason: DisconnectReason, detail: string): void {
    const connection = this.#connections.get(peer);
    if (connection === undefined) return;
    connection.end = { reason, detail };
    connection.link.close();
  }

  /** Ends all of them. */
  closeAll(): void {
    for (const { link } of this.#connections.values()) link.close();
  }
}

function endOf(
  connection: Connection,
  fault: ProtocolError | undefined,
): ConnectionEnd {
  if (connection.end !== undefined) return connection.end.reason;
  if (fault !== undefined) return "protocol";
  return connection.hasSpoken ? "lost" : "refused";
}
