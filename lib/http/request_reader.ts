/**
 * Bytes in, requests out: reads the requests of one connection, however their
 * bytes are split. Invariant: a head is decoded at most once for each of its
 * lines, so one that arrives byte by byte costs no more than its reads. Knows no
 * socket and no clock.
 *
 * @module
 */
import type { ByteQueue } from "../base/byte_queue.ts";
import {
  checkHeaderLength,
  checkRequestLine,
  checkUnfinishedLine,
  type HttpRequest,
  parseRequest,
  type RequestContext,
} from "./request.ts";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Most characters made of code units at once; each is an argument of a call. */
const MAX_CHARACTERS_AT_ONCE = 4096;

const decoder = new TextDecoder();

export class RequestReader {
  readonly #received: ByteQueue;
  readonly #context: RequestContext;
  /** Unread bytes that are known not to complete the head. */
  #scannedLength = 0;
  /** Start of the incomplete head's headers; 0 until its request line is complete. */
  #headersStart = 0;
  /** Bytes of the last request's body that are still to be skipped. */
  #bodyLength = 0;

  /** @param received Filled by the caller, emptied here. */
  constructor(received: ByteQueue, context: RequestContext) {
    this.#received = received;
    this.#context = context;
  }

  /** True while a request or its body is incomplete. */
  get isInRequest(): boolean {
    return this.#received.length > 0 || this.#bodyLength > 0;
  }

  /**
   * Takes the next request; `undefined` while it is incomplete. Its body is skipped.
   * @throws {RequestError} If it breaks HTTP's rules or a limit. No request can follow.
   */
  next(): HttpRequest | undefined {
    if (this.#bodyLength > 0) this.#skipBody();
    const bytes = this.#scannedLength === 0
      ? this.#skipEmptyLines()
      : this.#received.bytes;
    const { length } = bytes;
    if (length === this.#scannedLength) return undefined;
    const hasNewLine = bytes[length - 1] === LINE_FEED ||
      bytes.indexOf(LINE_FEED, this.#scannedLength) !== -1;
    if (!hasNewLine) {
      this.#checkUnfinished(bytes);
      return undefined;
    }
    const text = latin1Text(bytes);
    const end = endOfHead(text);
    if (end === -1) {
      this.#checkUnfinished(bytes, text);
      return undefined;
    }
    const request = parseRequest(text.slice(0, end), this.#context);
    this.#received.consume(end);
    this.#scannedLength = 0;
    this.#headersStart = 0;
    this.#bodyLength = request.contentLength;
    return request;
  }

  #skipBody(): void {
    const length = Math.min(this.#bodyLength, this.#received.length);
    this.#received.consume(length);
    this.#bodyLength -= length;
  }

  /** Some clients send an empty line after a body. [RFC 9112, 2.2] */
  #skipEmptyLines(): Uint8Array {
    const { bytes } = this.#received;
    let length = 0;
    while (bytes[length] === CARRIAGE_RETURN || bytes[length] === LINE_FEED) {
      length++;
    }
    if (length === 0) return bytes;
    this.#received.consume(length);
    return this.#received.bytes;
  }

  /**
   * Refuses an incomplete head as soon as no further bytes can make it valid.
   * @param text All of it, if a further line is complete.
   */
  #checkUnfinished(bytes: Uint8Array, text?: string): void {
    const { length, 0: firstByte = 0 } = bytes;
    this.#scannedLength = length;
    if (text !== undefined && this.#headersStart === 0) {
      checkRequestLine(text);
      this.#headersStart = text.indexOf("\n") + 1;
    }
    if (this.#headersStart === 0) {
      checkUnfinishedLine(firstByte, length);
    } else checkHeaderLength(length - this.#headersStart);
  }
}

/** Length of a head with the empty line that ends it; -1 while there is none. */
function endOfHead(text: string): number {
  const end = text.indexOf("\n\r\n");
  // A line feed alone ends a line too. [RFC 9112, 2.2]
  const bareEnd = text.indexOf("\n\n");
  if (bareEnd !== -1 && (end === -1 || bareEnd < end)) return bareEnd + 2;
  return end === -1 ? -1 : end + 3;
}

function latin1Text(bytes: Uint8Array): string {
  const decoded = decoder.decode(bytes);
  // ASCII, for which this is 4 × as fast as characters from code units. In any
  // other text each malformed byte decodes to U+FFFD, a valid sequence to fewer characters.
  const isAscii = decoded.length === bytes.length &&
    !decoded.includes("\ufffd");
  if (isAscii) return decoded;
  let text = "";
  for (let at = 0; at < bytes.length; at += MAX_CHARACTERS_AT_ONCE) {
    text += String.fromCharCode(
      ...bytes.subarray(at, at + MAX_CHARACTERS_AT_ONCE),
    );
  }
  return text;
}
