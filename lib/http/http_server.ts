/**
 * An HTTP/1.1 server on listening sockets: accepts connections, limits their
 * number and closes those that are too slow. Owns the sockets until `stop`; the
 * handler makes the responses.
 *
 * The runtime's own servers cannot stand in for it. `Deno.serve` limits neither
 * time nor connections, in Deno 2.4.2 and 2.9.6: a client that was silent, or sent
 * its headers or its body byte by byte, kept its connection for as long as the
 * test watched. `node:http` honours `headersTimeout`, `requestTimeout` and
 * `maxConnections` in 2.9.6, but none of them in 2.4.2.
 *
 * `docs/performance.md` compares the CPU time of the three.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Permits } from "../base/address_filter.ts";
import { ByteQueue } from "../base/byte_queue.ts";
import { isConnectionLoss } from "../net/connection_loss.ts";
import { ConnectionTable } from "./connection_table.ts";
import {
  HttpConnection,
  type HttpConnectionContext,
  type HttpHandler,
} from "./http_connection.ts";
import { type HttpResponse, ResponseWriter } from "./response.ts";

/** Time that a client has for each of its turns. */
const HTTP_TIMEOUT_MS = 8_000;

/** Connections at once, in total. */
const MAX_CONNECTIONS = 4096;
/** Connections of one address at once. */
const MAX_CONNECTIONS_PER_ADDRESS = 1024;
/** First size of a connection's buffers. */
const BUFFER_LENGTH = 2048;
/** Most buffers kept for later connections. */
const MAX_SPARE_BUFFERS = 256;
/** Searches for slow connections within the time that they have. */
const SWEEPS_PER_TIMEOUT = 8;
/** Longest time between two sweeps, which also set the responses' date. */
const MAX_SWEEP_INTERVAL_MS = 1_000;
/** Pause after a connection that could not be accepted. */
const ACCEPT_PAUSE_MS = 50;
/** Time for responses that are being made or sent when the server stops. */
const STOP_TIMEOUT_MS = 1_000;

export interface HttpServerOptions {
  readonly handle: HttpHandler;
  /** Reports a fault in the server itself; returns the response to send instead. */
  readonly onError: (error: unknown) => HttpResponse;
  /** Connections at once; one more closes the one that has been idle for longest. @default {MAX_CONNECTIONS} */
  readonly maxConnections?: number;
  /** The same for each address. @default {MAX_CONNECTIONS_PER_ADDRESS} */
  readonly maxConnectionsPerAddress?: number;
  /** Decides about a host; connections of others are closed without a response. @default all are served */
  readonly permits?: Permits;
  /** Time without progress after which a connection is closed. @default {HTTP_TIMEOUT_MS} */
  readonly timeoutMs?: number;
  /** Headers of every response, those to malformed requests included. @default none */
  readonly headers?: HttpResponse["headers"];
}

/** Serves on open sockets, which the server owns from then on. */
export function serveHttp(
  listeners: readonly Deno.TcpListener[],
  options: HttpServerOptions,
): HttpServer {
  const server = new HttpServer(listeners, options);
  server.start();
  return server;
}

/** A running server, made by {@linkcode serveHttp}. */
export class HttpServer {
  readonly #listeners: readonly Deno.TcpListener[];
  readonly #connections: ConnectionTable<HttpConnection>;
  readonly #context: HttpConnectionContext;
  readonly #permits: Permits;
  readonly #timeoutMs: number;
  readonly #sweepIntervalMs: number;
  #sweptAtMs = 0;
  #sweeping: ReturnType<typeof setInterval> | undefined;
  #accepting: readonly Promise<void>[] = [];
  readonly #emptied = Promise.withResolvers<void>();
  #isStopped = false;

  constructor(
    listeners: readonly Deno.TcpListener[],
    {
      maxConnections = MAX_CONNECTIONS,
      maxConnectionsPerAddress = MAX_CONNECTIONS_PER_ADDRESS,
      permits = () => true,
      timeoutMs = HTTP_TIMEOUT_MS,
      headers,
      ...context
    }: HttpServerOptions,
  ) {
    this.#listeners = listeners;
    this.#permits = permits;
    this.#timeoutMs = timeoutMs;
    this.#sweepIntervalMs = Math.min(
      timeoutMs / SWEEPS_PER_TIMEOUT,
      MAX_SWEEP_INTERVAL_MS,
    );
    const limits = { maxConnections, maxConnectionsPerAddress };
    this.#connections = new ConnectionTable(limits);
    this.#context = {
      ...context,
      onEnd: (connection) => this.#forget(connection),
      writer: new ResponseWriter(headers),
      buffers: new QueuePool(BUFFER_LENGTH),
    };
  }

  /** For {@linkcode serveHttp} alone. */
  start(): void {
    this.#sweep();
    this.#sweeping = setInterval(
      () => this.#sweep(),
      this.#sweepIntervalMs,
    );
    this.#accepting = this.#listeners.map((listener) => this.#accept(listener));
  }

  /** Closes the sockets and every connection. May be called again. */
  async stop(): Promise<void> {
    if (!this.#isStopped) this.#close();
    await Promise.all(this.#accepting);
    await this.#emptied.promise;
  }

  #close(): void {
    this.#isStopped = true;
    clearInterval(this.#sweeping);
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.#connections) connection.end();
    if (this.#connections.size === 0) this.#emptied.resolve();
    let timer = setTimeout(() => {
      for (const connection of this.#connections) connection.close();
      // In Deno 2.4 a write is pending for as long as the client reads nothing.
      timer = setTimeout(this.#emptied.resolve, STOP_TIMEOUT_MS);
    }, STOP_TIMEOUT_MS);
    this.#emptied.promise.then(() => clearTimeout(timer));
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
        // A client that has hung up already costs nothing. But file descriptors or
        // memory may lack, and the loop must not spin until they are free again.
        const hasClosed = this.#connections.closeOldest();
        await delay(hasClosed ? 0 : ACCEPT_PAUSE_MS);
      }
    }
  }

  #serve(socket: Deno.TcpConn): void {
    const connection = new HttpConnection(socket, this.#context);
    // It may have been accepted in the moment of the stop.
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

  /** Checks all connections at once: a timer for each would cost every request. */
  #sweep(): void {
    this.#context.writer.setTime(Date.now());
    const nowMs = performance.now();
    const isLate = nowMs - this.#sweptAtMs > 2 * this.#sweepIntervalMs;
    this.#sweptAtMs = nowMs;
    // After this program was held up, what has arrived meanwhile is read first.
    if (!isLate) this.#connections.closeOverdue(nowMs - this.#timeoutMs);
  }
}

/**
 * Buffers that connections use in turn: without the pool a connection of one request
 * takes a third more CPU time.
 */
export class QueuePool {
  readonly #capacity: number;
  readonly #spare: ByteQueue[] = [];

  /** @param capacity First size of each queue, in bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** An empty queue, the caller's until it is given back. */
  take(): ByteQueue {
    return this.#spare.pop() ?? new ByteQueue(this.#capacity);
  }

  /** Takes back a queue that nobody uses any more; its bytes are dropped. */
  giveBack(queue: ByteQueue): void {
    // A queue that has grown would keep memory that it needed once.
    const isSpare = queue.capacity === this.#capacity &&
      this.#spare.length < MAX_SPARE_BUFFERS;
    if (!isSpare) return;
    queue.consume(queue.length);
    this.#spare.push(queue);
  }
}
