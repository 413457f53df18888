/**
 * Bytes in, requests out: one connection's requests, one after the other, however
 * the bytes are cut. Each is parsed where it lies. Invariant: a byte is looked at
 * once for the end of the request that it belongs to, so that one which comes
 * byte by byte costs no more than another. Knows no socket and no clock.
 *
 * @module
 */
import type { ByteQueue } from "../base/byte_queue.ts";
import { readConnectionHeaders } from "./header_lines.ts";
import { HttpRequest } from "./request.ts";
import { RequestError } from "./request_error.ts";
import { REQUEST_LIMITS, type RequestLimits } from "./request_limits.ts";
import { parseRequestLine, targetTooLong } from "./request_line.ts";
import { endOfToken } from "./token.ts";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

const EMPTY_LINE_LENGTH = 2;

/** Room for a method and a version beside the target, in bytes. */
const LINE_OVERHEAD = 64;

/** Options of {@linkcode RequestReader}. */
export interface RequestReaderOptions {
  /** Where the connection comes from. */
  readonly remoteHostname: string;
  /** @default {REQUEST_LIMITS} */
  readonly limits?: RequestLimits;
}

/** Reads the requests of one connection out of what was received. */
export class RequestReader {
  readonly #received: ByteQueue;
  readonly #remoteHostname: string;
  readonly #limits: RequestLimits;
  /** How many of the unread bytes are known not to end the request. */
  #scannedLength = 0;
  /** Where the unfinished request's headers begin; 0 until its first line is known to be one. */
  #headersStart = 0;
  /** How much of the last request's body is still to come, in bytes. */
  #bodyLength = 0;

  /** @param received Filled by the caller, emptied here. */
  constructor(received: ByteQueue, options: RequestReaderOptions) {
    this.#received = received;
    this.#remoteHostname = options.remoteHostname;
    this.#limits = options.limits ?? REQUEST_LIMITS;
  }

  /** Whether a request, or the body of one, has begun and not ended. */
  get isInRequest(): boolean {
    return this.#received.length > 0 || this.#bodyLength > 0;
  }

  /**
   * Takes the next request; `undefined` while it is not complete. It is a view,
   * valid until the queue is filled further; its body is skipped.
   * @throws {RequestError} If it breaks HTTP's rules or a limit. There is no next one then.
   */
  next(): HttpRequest | undefined {
    if (this.#bodyLength > 0) this.#skipBody();
    if (this.#received.length === 0) return undefined;
    const bytes = this.#received.bytes;
    const start = this.#scannedLength === 0 ? skipEmptyLines(bytes) : 0;
    const isWhole = start < bytes.length &&
      (endsWithHead(bytes) ||
        hasEndOfHead(bytes, Math.max(start, this.#scannedLength)));
    if (!isWhole) {
      this.#received.consume(start);
      this.#checkUnfinished(start === 0 ? bytes : bytes.subarray(start));
      return undefined;
    }
    return this.#parse(bytes, start);
  }

  /** @param bytes The unread ones, with the end of the head at `start` among them. */
  #parse(bytes: Uint8Array, start: number): HttpRequest {
    const limits = this.#limits;
    const line = parseRequestLine(bytes, start, limits.maxTargetLength);
    const headers = readConnectionHeaders(bytes, line.end, limits);
    if (headers.end - line.end > limits.maxHeaderLength) {
      throw headersTooLong(limits);
    }
    if (
      headers.hostCount !== 1 && !(line.isHttp10 && headers.hostCount === 0)
    ) {
      throw new RequestError(400, `it has ${headers.hostCount} host headers`);
    }
    this.#received.consume(
      headers.end + (bytes[headers.end] === LINE_FEED ? 1 : EMPTY_LINE_LENGTH),
    );
    this.#scannedLength = 0;
    this.#headersStart = 0;
    this.#bodyLength = headers.contentLength;
    const wantsMore = line.isHttp10
      ? headers.wantsKeepAlive
      : !headers.wantsClose;
    return new HttpRequest(line, {
      bytes,
      headersStart: line.end,
      headersEnd: headers.end,
      // Who gets an answer instead of the word to go on may leave the body out.
      keepsConnection: wantsMore && !headers.expectsContinue,
      remoteHostname: this.#remoteHostname,
    });
  }

  #skipBody(): void {
    const length = Math.min(this.#bodyLength, this.#received.length);
    this.#received.consume(length);
    this.#bodyLength -= length;
  }

  /** Refuses as early as possible what cannot become a request any more. */
  #checkUnfinished(bytes: Uint8Array): void {
    // The last two may be the beginning of the end.
    this.#scannedLength = Math.max(0, bytes.length - 2);
    const limits = this.#limits;
    if (bytes.length === 0) return;
    if (endOfToken(bytes, 0, 1) === 0) {
      throw new RequestError(400, "it does not begin with a method");
    }
    if (this.#headersStart === 0) {
      const lineEnd = bytes.indexOf(LINE_FEED);
      if (lineEnd === -1) {
        if (bytes.length <= limits.maxTargetLength + LINE_OVERHEAD) return;
        throw targetTooLong(limits.maxTargetLength);
      }
      parseRequestLine(bytes, 0, limits.maxTargetLength);
      this.#headersStart = lineEnd + 1;
    }
    const headerLength = bytes.length - this.#headersStart;
    if (headerLength > limits.maxHeaderLength + EMPTY_LINE_LENGTH) {
      throw headersTooLong(limits);
    }
  }
}

function headersTooLong({ maxHeaderLength }: RequestLimits): RequestError {
  return new RequestError(
    431,
    `its headers are longer than ${maxHeaderLength} bytes`,
  );
}

/** Some clients send one after a body. [RFC 9112, 2.2] */
function skipEmptyLines(bytes: Uint8Array): number {
  let start = 0;
  while (bytes[start] === CARRIAGE_RETURN || bytes[start] === LINE_FEED) {
    start++;
  }
  return start;
}

/** Whether the bytes end with a head's end, as they do unless requests are cut. */
function endsWithHead(bytes: Uint8Array): boolean {
  const { length } = bytes;
  if (bytes[length - 1] !== LINE_FEED) return false;
  return bytes[length - 2] === LINE_FEED ||
    (bytes[length - 2] === CARRIAGE_RETURN && bytes[length - 3] === LINE_FEED);
}

/** Whether a head ends somewhere after `from`. */
function hasEndOfHead(bytes: Uint8Array, from: number): boolean {
  for (let offset = from;; offset++) {
    offset = bytes.indexOf(LINE_FEED, offset);
    if (offset === -1) return false;
    const next = bytes[offset + 1];
    if (next === LINE_FEED) return true;
    if (next === CARRIAGE_RETURN && bytes[offset + 2] === LINE_FEED) {
      return true;
    }
  }
}
