/**
 * A UDP socket: datagrams out and in, with their addresses. It hides the library
 * underneath and knows no protocol.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import type { PeerAddress } from "../base/peer_address.ts";
import type { NodeLookup } from "../types/node_modules.d.ts";
import { loadNodeModule } from "./node_modules.ts";

/** Longest wait for datagrams in flight when a socket is closed. */
const CLOSE_TIMEOUT_MS = 500;

export interface OpenUdpSocketOptions {
  readonly hostname: string;
  /** The local port; 0 for any free one. */
  readonly port: number;
  /** Takes each datagram; its bytes belong to the listener. */
  readonly onDatagram: (datagram: Uint8Array, source: PeerAddress) => void;
  /** Takes the errors of `onDatagram`; the socket goes on. */
  readonly onError: (error: unknown) => void;
  /** Takes errors of receiving, as Windows reports after a datagram to a closed port. @default ignored */
  readonly onTrouble?: (error: Error) => void;
  /**
   * Longest datagram expected, in bytes; a much longer one is truncated or lost.
   * Each datagram takes memory of this size.
   * @default 64 KiB, the longest possible
   */
  readonly maxLength?: number;
}

export interface UdpSocket extends AsyncDisposable {
  readonly port: number;
  /** Sends a datagram. Calls `onFailure` later if the system cannot; it may be lost without. */
  send(
    datagram: Uint8Array,
    to: PeerAddress,
    onFailure?: (error: Error) => void,
  ): void;
  /** Closes the socket; may be called again. Resolves when the port is free. */
  close(): Promise<void>;
}

/** With it, binding calls back before `bind` returns. */
const keepAddress: NodeLookup = (address, family, callback) =>
  callback(null, address, family);

/**
 * Opens a socket.
 * @throws {Deno.errors.AddrInUse} If the port is taken.
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
    // In place of Node's `Buffer`, whose `slice` is a view and not a copy.
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
  if (bindError !== undefined) throw toDenoError(bindError);
  if (maxLength !== undefined) socket.setRecvBufferSize(maxLength);
  const drained = Promise.withResolvers<void>();
  let inFlightCount = 0;
  const close = async (): Promise<void> => {
    if (!isClosed) socket.close();
    isClosed = true;
    if (inFlightCount > 0) {
      await abortable(drained.promise, AbortSignal.timeout(CLOSE_TIMEOUT_MS))
        // Harmless: the system sends the datagrams or drops them.
        .catch(() => {});
    }
    // Deno frees the port in the next turn of its loop.
    await delay(0);
  };
  return {
    port: socket.address().port,
    send: (datagram, to, onFailure) => {
      // No socket has port 0, yet a datagram may claim to come from it.
      if (isClosed || to.port === 0) return;
      inFlightCount++;
      socket.send(datagram, to.port, to.hostname, (error) => {
        inFlightCount--;
        if (isClosed && inFlightCount === 0) drained.resolve();
        if (error !== null) onFailure?.(error);
      });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const DENO_ERRORS: Readonly<Record<string, typeof Deno.errors.AddrInUse>> = {
  EADDRINUSE: Deno.errors.AddrInUse,
  EADDRNOTAVAIL: Deno.errors.AddrNotAvailable,
  EACCES: Deno.errors.PermissionDenied,
  EPERM: Deno.errors.PermissionDenied,
};

function toDenoError(error: Error & { readonly code?: string }): Error {
  const DenoError = DENO_ERRORS[error.code ?? ""];
  return DenoError ? new DenoError(error.message, { cause: error }) : error;
}
