/**
 * A UDP socket: datagrams out and in, with the addresses that they go to and come
 * from. It hides the library underneath and knows no protocol.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import type { PeerAddress } from "../base/peer_address.ts";
import { loadNodeModule, type NodeLookup } from "./node_modules.ts";

/** Longest wait for what is being sent when a socket is closed, in milliseconds. */
const CLOSE_TIMEOUT_MS = 500;

/** Where a socket listens, and who hears of what comes. */
export interface OpenUdpSocketOptions {
  /** The local IP address. */
  readonly hostname: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Hears each datagram; its bytes are the listener's. */
  readonly onDatagram: (datagram: Uint8Array, source: PeerAddress) => void;
  /** Hears of faults of `onDatagram`; the socket goes on. */
  readonly onError: (error: unknown) => void;
  /**
   * Hears of what the system tells when something is to be received, as Windows
   * does of a datagram that was sent to a closed port. The socket goes on.
   * @default nobody
   */
  readonly onTrouble?: (error: Error) => void;
  /**
   * Longest datagram that is wanted, in bytes; a much longer one is cut or lost.
   * Memory of this size is taken for each datagram.
   * @default 64 KiB, as long as any
   */
  readonly maxLength?: number;
}

/** An open socket. */
export interface UdpSocket extends AsyncDisposable {
  /** The local port. */
  readonly port: number;
  /**
   * Sends a datagram; a system that cannot calls `onFailure` later, and one that
   * can may still lose it.
   */
  send(
    datagram: Uint8Array,
    to: PeerAddress,
    onFailure?: (error: Error) => void,
  ): void;
  /**
   * Closes it; may be called again. Resolves once the port is free and nothing is
   * on its way out, or soon after.
   */
  close(): Promise<void>;
}

/** Addresses only: who binds is called back before `bind` returns. */
const keepAddress: NodeLookup = (address, family, callback) =>
  callback(null, address, family);

/**
 * Opens a socket.
 * @throws {Deno.errors.AddrInUse} If another has the port.
 * @throws {Deno.errors.AddrNotAvailable} If this machine has no such address.
 * @throws {Deno.errors.NotCapable} Without the network permission.
 */
export function openUdpSocket(options: OpenUdpSocketOptions): UdpSocket {
  const { hostname, port, onDatagram, onError, maxLength } = options;
  const socket = loadNodeModule("node:dgram").createSocket({
    type: hostname.includes(":") ? "udp6" : "udp4",
    lookup: keepAddress,
  });
  let isClosed = false;
  let bindError: Error | undefined;
  let isBinding = true;
  socket.on("error", (error) => {
    if (isBinding) bindError = error;
    else if (!isClosed) options.onTrouble?.(error);
  });
  socket.on("message", ({ buffer, byteOffset, byteLength }, source) => {
    // Not Node's own kind of bytes, whose `slice` is a view and no copy.
    const datagram = new Uint8Array(buffer, byteOffset, byteLength);
    try {
      onDatagram(datagram, { hostname: source.address, port: source.port });
    } catch (error) {
      // The library would swallow it.
      onError(error);
    }
  });
  socket.bind(port, hostname);
  isBinding = false;
  if (bindError !== undefined) throw inDenosWords(bindError);
  if (maxLength !== undefined) socket.setRecvBufferSize(maxLength);
  const drained = Promise.withResolvers<void>();
  let sendingCount = 0;
  const close = async (): Promise<void> => {
    if (!isClosed) socket.close();
    isClosed = true;
    if (sendingCount > 0) await atMost(CLOSE_TIMEOUT_MS, drained.promise);
    // Deno lets go of the port in the next turn of its loop.
    await delay(0);
  };
  return {
    port: socket.address().port,
    send: (datagram, to, onFailure) => {
      // A port of 0 is nobody's, yet a datagram may claim to come from there.
      if (isClosed || to.port === 0) return;
      sendingCount++;
      socket.send(datagram, to.port, to.hostname, (error) => {
        sendingCount--;
        if (isClosed && sendingCount === 0) drained.resolve();
        if (error !== null) onFailure?.(error);
      });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function atMost(timeoutMs: number, wait: Promise<void>): Promise<void> {
  await abortable(wait, AbortSignal.timeout(timeoutMs))
    // Harmless: the system sends it or drops it without anybody's waiting.
    .catch(() => {});
}

function inDenosWords(error: Error & { readonly code?: string }): Error {
  const options = { cause: error };
  switch (error.code) {
    case "EADDRINUSE":
      return new Deno.errors.AddrInUse(error.message, options);
    case "EADDRNOTAVAIL":
      return new Deno.errors.AddrNotAvailable(error.message, options);
    case "EACCES":
    case "EPERM":
      return new Deno.errors.PermissionDenied(error.message, options);
    default:
      return error;
  }
}
