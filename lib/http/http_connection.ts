/**
 * One HTTP connection: reads requests, has them answered in their order and
 * writes the answers. Owns the socket and its buffers. Invariant: one answer is
 * made at a time, and what has been received stays where it is meanwhile.
 *
 * The way of an answer that is there at once is kept short: one read, one write
 * for all requests that came together, and no promise of our own between them.
 *
 * @module
 */
import type { ByteQueue } from "../base/byte_queue.ts";
import { unmapHostname } from "../base/ip_address.ts";
import type { HttpRequest } from "./request.ts";
import { RequestError } from "./request_error.ts";
import type { RequestLimits } from "./request_limits.ts";
import { RequestReader } from "./request_reader.ts";
import { type HttpResponse, isStreamed } from "./response.ts";
import {
  declaredLength,
  mayHaveBody,
  type ResponseFrame,
  type ResponseWriter,
} from "./response_writer.ts";
import { isConnectionLoss } from "../net/connection_loss.ts";
import type { ConnectionPhase, TrackedConnection } from "./connection_table.ts";
import type { QueuePool } from "./queue_pool.ts";
import {
  type BodyParts,
  type BodySink,
  letGo,
  sendParts,
} from "./streamed_body.ts";

/** Least room for a read, in bytes: an announce fits in twice. */
const LEAST_READ_LENGTH = 1024;
/** Answers to requests that came together are written once they are so long, in bytes. */
const MAX_GATHERED_LENGTH = 64 * 1024;
/** What a slow reader must have taken to be given time anew, in bytes. */
const LEAST_PROGRESS = 16 * 1024;
/** What is listened to of somebody whose connection is over, in bytes. */
const MAX_IGNORED_LENGTH = 1024 * 1024;

/** What all connections of a server share. */
export interface HttpConnectionContext {
  /** Answers a request at a time in milliseconds. */
  readonly handle: (
    request: HttpRequest,
    nowMs: number,
  ) => HttpResponse | Promise<HttpResponse>;
  /** Hears of a fault in the server itself, and says what is answered instead. */
  readonly onError: (error: unknown) => HttpResponse;
  /** Hears that a connection is over. */
  readonly onEnd: (connection: HttpConnection) => void;
  readonly writer: ResponseWriter;
  readonly buffers: QueuePool;
  readonly limits: RequestLimits;
}

/** How the answer to what is no request is framed. */
const REFUSAL_FRAME: ResponseFrame = {
  method: "GET",
  isHttp10: false,
  keepsConnection: false,
};

const TEXT_HEADERS = { "content-type": "text/plain; charset=utf-8" };

/** A connection, from its acceptance to its end. */
export class HttpConnection implements TrackedConnection, BodySink {
  readonly remoteHostname: string;
  phase: ConnectionPhase = "idle";
  sinceMs: number = performance.now();
  readonly #socket: Deno.TcpConn;
  readonly #context: HttpConnectionContext;
  readonly #received: ByteQueue;
  readonly #output: ByteQueue;
  readonly #reader: RequestReader;
  #hasAnswered = false;
  /** Whether it has lived for longer than one answer. */
  #isKept = false;
  /** Whether no further request is to be read. */
  #isLast = false;
  #isClosed = false;
  /** Ends a wait for the server's own side. */
  #stopWaiting: (() => void) | undefined;
  /** What is being streamed. */
  #parts: BodyParts | undefined;

  constructor(socket: Deno.TcpConn, context: HttpConnectionContext) {
    this.#socket = socket;
    this.#context = context;
    this.remoteHostname = unmapHostname(socket.remoteAddr.hostname);
    this.#received = context.buffers.take();
    this.#output = context.buffers.take();
    this.#reader = new RequestReader(this.#received, {
      remoteHostname: this.remoteHostname,
      limits: context.limits,
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
      // Closing a socket with bytes unread takes back the answer.
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

  /** Ends it, but not before what is being answered is answered. */
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
      // The other end may have reset it in the same moment.
      if (!isConnectionLoss(error)) throw error;
    }
    this.#stopWaiting?.();
    // Not when the write ends: in Deno 2.4 none ends while nobody reads.
    this.#dropParts();
  }

  /**
   * Answers the requests at hand into the output.
   * @returns A promise where something takes time, after which there may be more.
   */
  #answerAll(nowMs: number): Promise<void> | undefined {
    while (!this.#isLast) {
      const request = this.#nextRequest();
      if (request === undefined) return undefined;
      const response = this.#respond(request, nowMs);
      if (response instanceof Promise || isStreamed(response.body)) {
        return this.#answerSlowly(request, response);
      }
      this.#write(response, request);
      if (this.#output.length >= MAX_GATHERED_LENGTH) return this.#flush(nowMs);
    }
    return undefined;
  }

  /** What is no request is answered with what is wrong, and is the last. */
  #nextRequest(): HttpRequest | undefined {
    try {
      return this.#reader.next();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      const body = `${error.message}\n`;
      this.#write(
        { status: error.status, headers: TEXT_HEADERS, body },
        REFUSAL_FRAME,
      );
      return undefined;
    }
  }

  #respond(
    request: HttpRequest,
    nowMs: number,
  ): HttpResponse | Promise<HttpResponse> {
    try {
      return this.#context.handle(request, nowMs);
    } catch (error) {
      return this.#context.onError(error);
    }
  }

  /** @returns What was written: that, or what is said of a fault in it. */
  #write(response: HttpResponse, frame: ResponseFrame): HttpResponse {
    const { writer, onError } = this.#context;
    this.#hasAnswered = true;
    try {
      if (!writer.write(this.#output, response, frame)) this.#isLast = true;
      return response;
    } catch (error) {
      const substitute = onError(error);
      if (!writer.write(this.#output, substitute, frame)) this.#isLast = true;
      return substitute;
    }
  }

  /** Answers with what is not there yet, or not all of it. */
  async #answerSlowly(
    request: HttpRequest,
    promised: HttpResponse | Promise<HttpResponse>,
  ): Promise<void> {
    // Earlier answers do not wait for this one.
    if (this.#output.length > 0) await this.#flush(performance.now());
    this.phase = "answering";
    const response = promised instanceof Promise
      ? await this.#settled(promised)
      : promised;
    if (response === undefined) return;
    const written = this.#write(response, request);
    if (!isStreamed(response.body)) return;
    const parts = response.body[Symbol.asyncIterator]();
    const isWanted = written === response &&
      mayHaveBody(response.status, request.method);
    if (isWanted) await this.#stream(parts, declaredLength(response.headers));
    else letGo(parts, this.#context.onError);
  }

  /** `undefined` if the connection is closed before it is there. */
  async #settled(
    promised: Promise<HttpResponse>,
  ): Promise<HttpResponse | undefined> {
    const { onError } = this.#context;
    try {
      const response = await this.whileOpen(promised);
      if (response !== undefined) return response;
    } catch (error) {
      return onError(error);
    }
    promised.then(({ body }) => {
      if (isStreamed(body)) letGo(body[Symbol.asyncIterator](), onError);
    }, onError);
    return undefined;
  }

  async #stream(parts: BodyParts, length: number | undefined): Promise<void> {
    this.#parts = parts;
    try {
      // Each event is to be there when it happens.
      this.#socket.setNoDelay(true);
      await this.#flush(performance.now());
      if (length === undefined) this.#watch();
      this.phase = "streaming";
      const isSent = await sendParts(parts, length, this);
      if (isSent) this.#parts = undefined;
    } catch (error) {
      if (!isConnectionLoss(error)) this.#context.onError(error);
      this.close();
    }
    this.#dropParts();
  }

  #dropParts(): void {
    const parts = this.#parts;
    this.#parts = undefined;
    if (parts !== undefined) letGo(parts, this.#context.onError);
  }

  /** Waits for the server's own side; `undefined` if the connection is closed first. */
  async whileOpen<T>(promised: Promise<T>): Promise<T | undefined> {
    // A race with one promise for all would keep all that ever took part in it.
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

  /** Notices that the other end hangs up while there is nothing to write to it. */
  async #watch(): Promise<void> {
    const ignored = new Uint8Array(LEAST_READ_LENGTH);
    try {
      while (await this.#socket.read(ignored) !== null);
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
    }
    this.close();
  }

  async send(bytes: Uint8Array): Promise<void> {
    this.phase = "sending";
    this.sinceMs = performance.now();
    let lengthInTime = 0;
    for (let sent = 0; sent < bytes.length;) {
      const count = await this.#socket.write(bytes.subarray(sent));
      sent += count;
      lengthInTime += count;
      if (lengthInTime < LEAST_PROGRESS) continue;
      this.sinceMs = performance.now();
      lengthInTime = 0;
    }
    this.phase = "streaming";
  }

  async #flush(nowMs: number): Promise<void> {
    this.phase = "sending";
    this.sinceMs = nowMs;
    const count = await this.#socket.write(this.#output.bytes);
    this.#output.consume(count);
    if (this.#output.length === 0) return;
    await this.send(this.#output.bytes);
    this.#output.consume(this.#output.length);
  }

  /** Turns to the next request, of which some may have come. */
  #rest(nowMs: number): void {
    const next = this.#reader.isInRequest ? "receiving" : "idle";
    if (next === this.phase) return;
    // Whoever connects has the time for a request once, however it is begun.
    if (this.#hasAnswered) this.sinceMs = nowMs;
    if (!this.#isKept && this.#hasAnswered && !this.#isLast) {
      this.#isKept = true;
      // The next answer is not to wait for this one's acknowledgement.
      this.#socket.setNoDelay(true);
    }
    this.phase = next;
  }

  /** Hears the other end out, or it might not hear the last answer. */
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
