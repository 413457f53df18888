/**
 * An HTTP/1.1 server on listening sockets: accepts connections, bounds their
 * number and ends those that are too slow. `Deno.serve` does neither: a request
 * that was begun and not ended kept its connection for as long as anyone watched.
 * Owns the sockets from the first moment to `stop`; what is answered is the handler's.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Permits } from "../base/address_filter.ts";
import type { HttpRequest } from "./request.ts";
import { REQUEST_LIMITS, type RequestLimits } from "./request_limits.ts";
import type { HttpResponse } from "./response.ts";
import { ResponseWriter } from "./response_writer.ts";
import { isConnectionLoss } from "../net/connection_loss.ts";
import { ConnectionTable } from "./connection_table.ts";
import {
  HttpConnection,
  type HttpConnectionContext,
} from "./http_connection.ts";
import { QueuePool } from "./queue_pool.ts";

/** Time that the other end has for what is its turn, in milliseconds. */
export const HTTP_TIMEOUT_MS = 8_000;

/** Connections at once, in all. */
const MAX_CONNECTIONS = 4096;
/** Connections of one address at once. */
const MAX_CONNECTIONS_PER_ADDRESS = 1024;
/** First size of a connection's buffers, in bytes. */
const BUFFER_LENGTH = 2048;
/** Slow ones are looked for so many times in the time that they have. */
const SWEEPS_PER_TIMEOUT = 8;
/** Longest time between two sweeps, in milliseconds: the responses' date is set there. */
const MAX_SWEEP_INTERVAL_MS = 1_000;
/** Rest after a connection that could not be taken, in milliseconds. */
const ACCEPT_PAUSE_MS = 50;
/** Time for answers that are being made or sent when the server stops, in milliseconds. */
const STOP_TIMEOUT_MS = 1_000;

/** How to serve. */
export interface HttpServerOptions {
  /** Answers a request at a time in milliseconds. */
  readonly handle: (
    request: HttpRequest,
    nowMs: number,
  ) => HttpResponse | Promise<HttpResponse>;
  /** Hears of a fault in the server itself, and says what is answered instead. */
  readonly onError: (error: unknown) => HttpResponse;
  /** Connections at once; for more, the one leaves that has been idle for longest. @default {MAX_CONNECTIONS} */
  readonly maxConnections?: number;
  /** The same for each address. @default {MAX_CONNECTIONS_PER_ADDRESS} */
  readonly maxConnectionsPerAddress?: number;
  /** Whether a host is served; one that is not is hung up on without a word. @default everybody */
  readonly permits?: Permits;
  /** Silence, or slowness, after which a connection is closed, in milliseconds. @default {HTTP_TIMEOUT_MS} */
  readonly timeoutMs?: number;
  /** @default {REQUEST_LIMITS} */
  readonly limits?: RequestLimits;
}

/** Serves on open sockets, which are the server's from then on. */
export function serveHttp(
  listeners: readonly Deno.TcpListener[],
  options: HttpServerOptions,
): HttpServer {
  const server = new HttpServer(listeners, options);
  server.start();
  return server;
}

/** A server that runs, made by {@linkcode serveHttp}. */
export class HttpServer {
  readonly #listeners: readonly Deno.TcpListener[];
  readonly #connections: ConnectionTable<HttpConnection>;
  readonly #context: HttpConnectionContext;
  readonly #permits: Permits;
  readonly #timeoutMs: number;
  #sweeping: ReturnType<typeof setInterval> | undefined;
  #accepting: readonly Promise<void>[] = [];
  readonly #emptied = Promise.withResolvers<void>();
  #isStopped = false;

  constructor(
    listeners: readonly Deno.TcpListener[],
    options: HttpServerOptions,
  ) {
    const {
      maxConnections = MAX_CONNECTIONS,
      maxConnectionsPerAddress = MAX_CONNECTIONS_PER_ADDRESS,
      timeoutMs = HTTP_TIMEOUT_MS,
    } = options;
    this.#listeners = listeners;
    this.#permits = options.permits ?? (() => true);
    this.#timeoutMs = timeoutMs;
    this.#connections = new ConnectionTable({
      maxConnections,
      maxConnectionsPerAddress,
    });
    this.#context = {
      handle: options.handle,
      onError: options.onError,
      onEnd: (connection) => this.#forget(connection),
      writer: new ResponseWriter(),
      buffers: new QueuePool(BUFFER_LENGTH),
      limits: options.limits ?? REQUEST_LIMITS,
    };
  }

  /** For {@linkcode serveHttp} alone. */
  start(): void {
    this.#sweep();
    this.#sweeping = setInterval(
      () => this.#sweep(),
      Math.min(this.#timeoutMs / SWEEPS_PER_TIMEOUT, MAX_SWEEP_INTERVAL_MS),
    );
    this.#accepting = this.#listeners.map((listener) => this.#accept(listener));
  }

  /** Closes the sockets and every connection; may be called again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#sweeping);
    for (const listener of this.#listeners) close(listener);
    for (const connection of this.#connections) connection.end();
    if (this.#connections.size === 0) this.#emptied.resolve();
    let timer = setTimeout(() => {
      for (const connection of this.#connections) connection.close();
      // In Deno 2.4 a write is pending for as long as nobody reads.
      timer = setTimeout(() => this.#emptied.resolve(), STOP_TIMEOUT_MS);
    }, STOP_TIMEOUT_MS);
    await Promise.all(this.#accepting);
    await this.#emptied.promise;
    clearTimeout(timer);
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    while (!this.#isStopped) {
      try {
        const socket = await listener.accept();
        if (this.#permits(socket.remoteAddr.hostname)) this.#serve(socket);
        else socket.close();
      } catch (error) {
        if (this.#isStopped) return;
        if (!isConnectionLoss(error)) this.#context.onError(error);
        // Who hung up already costs nothing; but files or memory may lack, and
        // until they are there again the loop must not spin.
        const makesRoom = this.#connections.closeOldest();
        await delay(makesRoom ? 0 : ACCEPT_PAUSE_MS);
      }
    }
  }

  #serve(socket: Deno.TcpConn): void {
    const connection = new HttpConnection(socket, this.#context);
    // It may have come in the moment of the closing.
    if (this.#isStopped || !this.#connections.add(connection)) {
      connection.close();
    }
    connection.run();
  }

  #forget(connection: HttpConnection): void {
    this.#connections.delete(connection);
    if (this.#isStopped && this.#connections.size === 0) {
      this.#emptied.resolve();
    }
  }

  /** Sees to all connections at once: a timer for each would cost every request. */
  #sweep(): void {
    this.#context.writer.setTime(Date.now());
    this.#connections.closeOverdue(performance.now() - this.#timeoutMs);
  }
}

/** Harmless when repeated. */
function close(listener: Deno.TcpListener): void {
  try {
    listener.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
