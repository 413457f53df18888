/**
 * One HTTP connection: reads requests, has them answered in their order and
 * writes the responses. Owns the socket and its buffers. Invariant: one response
 * is made at a time, and further requests wait in the buffer.
 *
 * The path of a response that is ready at once is short: one read, one write for
 * all requests that arrived together, and no promise of our own between them.
 *
 * @module
 */
import type { ByteQueue } from "../base/byte_queue.ts";
import { unmapHostname } from "../base/ip_address.ts";
import { isConnectionLoss } from "../net/connection_loss.ts";
import type { ConnectionPhase, TrackedConnection } from "./connection_table.ts";
import { type HttpRequest, RequestError } from "./request.ts";
import { RequestReader } from "./request_reader.ts";
import {
  type HttpResponse,
  isSentApart,
  isStreamed,
  mayHaveBody,
  type ResponseFrame,
  type ResponseWriter,
  TEXT_HEADERS,
} from "./response.ts";

/** Least room for a read, in bytes: twice the length of an announce. */
const LEAST_READ_LENGTH = 1024;
/** Length at which gathered responses to pipelined requests are written, in bytes. */
const MAX_GATHERED_LENGTH = 64 * 1024;
/** Bytes that a slow client must have received to be given more time. */
const LEAST_PROGRESS = 16 * 1024;
/** Bytes that are read and dropped after the last response. */
const MAX_IGNORED_LENGTH = 1024 * 1024;

/** Answers a request at a time in milliseconds. */
export type HttpHandler = (
  request: HttpRequest,
  nowMs: number,
) => HttpResponse | Promise<HttpResponse>;

export interface HttpConnectionContext {
  readonly handle: HttpHandler;
  /** Reports a fault in the server itself; returns the response to send instead. */
  readonly onError: (error: unknown) => HttpResponse;
  readonly onEnd: (connection: HttpConnection) => void;
  readonly writer: ResponseWriter;
  readonly buffers: { take(): ByteQueue; giveBack(queue: ByteQueue): void };
}

const REFUSAL_FRAME: ResponseFrame = {
  method: "GET",
  isHttp10: false,
  keepsConnection: false,
};

/** A connection, from its acceptance to its end. */
export class HttpConnection implements TrackedConnection {
  readonly remoteHostname: string;
  phase: ConnectionPhase = "idle";
  sinceMs: number = performance.now();
  readonly #socket: Deno.TcpConn;
  readonly #context: HttpConnectionContext;
  readonly #received: ByteQueue;
  readonly #output: ByteQueue;
  readonly #reader: RequestReader;
  #hasAnswered = false;
  /** True once it has outlived its first response. */
  #isKept = false;
  /** True once no further request is read. */
  #isLast = false;
  #isClosed = false;
  /** Ends a wait for the handler. */
  #stopWaiting: (() => void) | undefined;
  /** The body that is being streamed. */
  #parts: AsyncIterator<Uint8Array> | undefined;

  constructor(socket: Deno.TcpConn, context: HttpConnectionContext) {
    this.#socket = socket;
    this.#context = context;
    this.remoteHostname = unmapHostname(socket.remoteAddr.hostname);
    this.#received = context.buffers.take();
    this.#output = context.buffers.take();
    this.#reader = new RequestReader(this.#received, {
      remoteHostname: this.remoteHostname,
      localHostname: unmapHostname(socket.localAddr.hostname),
    });
  }

  /** Serves until the connection ends; never rejects. */
  async run(): Promise<void> {
    try {
      while (!this.#isLast) {
        const space = this.#received.space(LEAST_READ_LENGTH);
        const count = await this.#socket.read(space);
        if (count === null) return;
        this.#received.commit(count);
        let nowMs = performance.now();
        let unfinished = this.#answerAll(nowMs);
        while (unfinished !== undefined) {
          await unfinished;
          nowMs = performance.now();
          unfinished = this.#answerAll(nowMs);
        }
        if (this.#output.length > 0) await this.#flush(nowMs);
        this.#rest(nowMs);
      }
      // Closing a socket with unread bytes would discard the response.
      if (this.#reader.isInRequest) await this.#leave();
    } catch (error) {
      if (!isConnectionLoss(error)) this.#context.onError(error);
    } finally {
      this.close();
      this.#context.buffers.giveBack(this.#received);
      this.#context.buffers.giveBack(this.#output);
      this.#context.onEnd(this);
    }
  }

  /** Ends it as soon as the response that is being made is sent. */
  end(): void {
    this.#isLast = true;
    if (this.phase !== "answering" && this.phase !== "sending") this.close();
  }

  /** Ends it at once. Harmless when repeated. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isLast = true;
    this.phase = "closed";
    try {
      this.#socket.close();
    } catch (error) {
      // The client may have reset it in the same moment.
      if (!isConnectionLoss(error)) throw error;
    }
    this.#stopWaiting?.();
    // Not when the write ends: in Deno 2.4 it is pending while the client reads nothing.
    this.#endParts();
  }

  /**
   * Answers the complete requests into the output.
   * @returns A promise where that takes time; more requests may be complete after it.
   */
  #answerAll(nowMs: number): Promise<void> | undefined {
    while (!this.#isLast) {
      const request = this.#nextRequest();
      if (request === undefined) return undefined;
      let response: HttpResponse | Promise<HttpResponse>;
      try {
        response = this.#context.handle(request, nowMs);
      } catch (error) {
        response = this.#context.onError(error);
      }
      if (response instanceof Promise || isSentApart(response.body)) {
        return this.#answerLater(request, response);
      }
      this.#write(response, request);
      if (this.#output.length >= MAX_GATHERED_LENGTH) return this.#flush(nowMs);
    }
    return undefined;
  }

  /** Answers a request that cannot be read with the reason; it is the last one. */
  #nextRequest(): HttpRequest | undefined {
    try {
      return this.#reader.next();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      const { status, message } = error;
      this.#write(
        { status, headers: TEXT_HEADERS, body: `${message}\n` },
        REFUSAL_FRAME,
      );
      return undefined;
    }
  }

  /** @returns Whether it is that response; else it could not be written. */
  #write(response: HttpResponse, frame: ResponseFrame): boolean {
    const { writer, onError } = this.#context;
    this.#hasAnswered = true;
    try {
      if (!writer.write(this.#output, response, frame)) this.#isLast = true;
      return true;
    } catch (error) {
      const substitute = onError(error);
      if (!writer.write(this.#output, substitute, frame)) this.#isLast = true;
      return false;
    }
  }

  /** Answers with a response that takes time to make or to send. */
  async #answerLater(
    request: HttpRequest,
    promised: HttpResponse | Promise<HttpResponse>,
  ): Promise<void> {
    // Earlier responses do not wait for this one.
    try {
      if (this.#output.length > 0) await this.#flush(performance.now());
    } catch (error) {
      Promise.resolve(promised).then(endBody).catch(this.#context.onError);
      throw error;
    }
    this.phase = "answering";
    const response = promised instanceof Promise
      ? await this.#settled(promised)
      : promised;
    if (response === undefined) return;
    const isWritten = this.#write(response, request);
    const { status, body } = response;
    if (!isSentApart(body)) return;
    if (!isWritten || !mayHaveBody(status, request.method)) {
      endBody(response).catch(this.#context.onError);
    } else if (isStreamed(body)) {
      await this.#stream(body);
    } else {
      await this.#flush(performance.now());
      await this.#send(body);
    }
  }

  /** The handler's response; `undefined` if the connection is closed before. */
  async #settled(
    promised: Promise<HttpResponse>,
  ): Promise<HttpResponse | undefined> {
    const { onError } = this.#context;
    try {
      const response = await this.#whileOpen(promised);
      if (response === undefined) promised.then(endBody).catch(onError);
      return response;
    } catch (error) {
      return onError(error);
    }
  }

  /** Sends a body that is made while it is sent. */
  async #stream(body: AsyncIterable<Uint8Array>): Promise<void> {
    const parts = this.#parts = body[Symbol.asyncIterator]();
    try {
      // Each event is sent when it happens.
      this.#socket.setNoDelay(true);
      await this.#flush(performance.now());
      this.#closeOnHangup();
      for (;;) {
        this.phase = "streaming";
        const part = await this.#whileOpen(parts.next());
        if (part === undefined || part.done) return;
        await this.#send(part.value);
      }
    } catch (error) {
      if (!isConnectionLoss(error)) this.#context.onError(error);
      this.close();
    } finally {
      this.#endParts();
    }
  }

  #endParts(): void {
    const parts = this.#parts;
    this.#parts = undefined;
    // Not awaited: a generator returns only when its pending part is made.
    parts?.return?.().catch(this.#context.onError);
  }

  /** Waits for the handler; `undefined` if the connection is closed before. */
  async #whileOpen<T>(promised: Promise<T>): Promise<T | undefined> {
    // A race with one promise for all waits would keep all that took part in it.
    const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
    promised.then(resolve, reject);
    this.#stopWaiting = () => resolve(undefined);
    if (this.#isClosed) resolve(undefined);
    try {
      return await promise;
    } finally {
      this.#stopWaiting = undefined;
    }
  }

  /** Notices that the client hangs up while there is nothing to write to it. */
  async #closeOnHangup(): Promise<void> {
    const ignored = new Uint8Array(LEAST_READ_LENGTH);
    try {
      while (await this.#socket.read(ignored) !== null);
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
    }
    this.close();
  }

  async #flush(nowMs: number): Promise<void> {
    this.phase = "sending";
    this.sinceMs = nowMs;
    const count = await this.#socket.write(this.#output.bytes);
    this.#output.consume(count);
    if (this.#output.length === 0) return;
    await this.#send(this.#output.bytes);
    this.#output.consume(this.#output.length);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    this.phase = "sending";
    this.sinceMs = performance.now();
    let nextProgress = LEAST_PROGRESS;
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#socket.write(bytes.subarray(sent));
      if (sent < nextProgress) continue;
      this.sinceMs = performance.now();
      nextProgress = sent + LEAST_PROGRESS;
    }
  }

  /** Waits for the next request, of which a part may be there. */
  #rest(nowMs: number): void {
    const next = this.#reader.isInRequest ? "receiving" : "idle";
    if (next === this.phase) return;
    // The time for the first request runs from the connection's start, however it is split.
    if (this.#hasAnswered) this.sinceMs = nowMs;
    if (!this.#isKept && this.#hasAnswered && !this.#isLast) {
      this.#isKept = true;
      // The next response does not wait for the acknowledgement of this one.
      this.#socket.setNoDelay(true);
    }
    this.phase = next;
  }

  /** Reads to the client's end, so that a reset does not discard the last response. */
  async #leave(): Promise<void> {
    this.phase = "leaving";
    this.sinceMs = performance.now();
    await this.#socket.closeWrite();
    const ignored = this.#received.space(LEAST_READ_LENGTH);
    for (let length = 0; length < MAX_IGNORED_LENGTH;) {
      const count = await this.#socket.read(ignored);
      if (count === null) return;
      length += count;
    }
  }
}

/** Ends a body that is not sent. */
async function endBody({ body }: HttpResponse): Promise<void> {
  if (isStreamed(body)) await body[Symbol.asyncIterator]().return?.();
}
