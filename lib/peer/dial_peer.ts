/**
 * Calling a peer: connect, say who we are, hear who answers. One deadline covers
 * all of it, so a host that swallows packets costs seconds, not minutes.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { formatPeerAddress, type PeerAddress } from "../base/peer_address.ts";
import type { Handshake } from "../wire/handshake.ts";
import { PeerChannel } from "./peer_channel.ts";

/** Time for connect and handshake together, in milliseconds. */
export const HANDSHAKE_TIMEOUT_MS = 8_000;

/** A channel whose handshake is done, and what the other end said. */
export interface HandshakenChannel {
  readonly channel: PeerChannel;
  readonly handshake: Handshake;
}

/** Options for {@linkcode dialPeer}. */
export interface DialOptions {
  readonly signal: AbortSignal;
  /** @default {HANDSHAKE_TIMEOUT_MS} */
  readonly timeoutMs?: number;
}

/**
 * Dials a peer and shakes hands about `own.infoHash`.
 * @throws {ProtocolError} If nobody answers in time or the answer is not about this torrent.
 */
export async function dialPeer(
  address: PeerAddress,
  own: Handshake,
  options: DialOptions,
): Promise<HandshakenChannel> {
  const timeout = AbortSignal.timeout(
    options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS,
  );
  const signal = AbortSignal.any([options.signal, timeout]);
  const channel = new PeerChannel(await connect(address, signal));
  const closeOnAbort = () => channel.close();
  signal.addEventListener("abort", closeOnAbort);
  try {
    // It may have come true in the moment in which the time was over.
    if (signal.aborted) channel.close();
    await channel.sendHandshake(own);
    const handshake = await channel.receiveHandshake();
    if (handshake === undefined) {
      throw new ProtocolError(
        `Cannot shake hands with ${
          formatPeerAddress(address)
        }: it closed the connection`,
      );
    }
    if (handshake.infoHash !== own.infoHash) {
      throw new ProtocolError(
        `Cannot shake hands with ${
          formatPeerAddress(address)
        }: it serves ${handshake.infoHash}`,
      );
    }
    return { channel, handshake };
  } catch (error) {
    channel.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", closeOnAbort);
  }
}

async function connect(
  address: PeerAddress,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const { hostname, port } = address;
  try {
    return await Deno.connect({ hostname, port, signal });
  } catch (error) {
    const reason = signal.aborted
      ? "no answer in time"
      : (error as Error).message;
    throw new ProtocolError(
      `Cannot connect to ${formatPeerAddress(address)}: ${reason}`,
      { cause: error },
    );
  }
}
