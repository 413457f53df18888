/**
 * Responses as bytes. Head and body go into one buffer, so that a small answer
 * is one write. Owns the headers that frame a response: whoever makes one says
 * nothing of lengths and connections. Knows no socket and no clock.
 *
 * @module
 */
import type { ByteQueue } from "../base/byte_queue.ts";
import { type HttpResponse, isStreamed, reasonPhrase } from "./response.ts";

/** What of a request decides how its response is framed. */
export interface ResponseFrame {
  readonly method: string;
  readonly isHttp10: boolean;
  /** Whether another request may follow. */
  readonly keepsConnection: boolean;
}

const CONTENT_LENGTH = "content-length";

/** Headers that are for this file to say. */
const FRAMING_HEADERS: ReadonlySet<string> = new Set([
  CONTENT_LENGTH,
  "connection",
  "date",
  "transfer-encoding",
]);

const encoder = new TextEncoder();
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/** How a head ends. */
const HEAD_ENDS = {
  kept: encoder.encode("\r\n"),
  keptHttp10: encoder.encode("connection: keep-alive\r\n\r\n"),
  closed: encoder.encode("connection: close\r\n\r\n"),
} as const;

const LENGTH_HEADER = encoder.encode(`${CONTENT_LENGTH}: `);

/** Most bytes of a head that are written beside its prefix. */
const MAX_FRAMING_LENGTH = 64;

/** Writes responses, those of all connections of a server. */
export class ResponseWriter {
  #date = "";
  /** The last head's first lines: most responses have the same headers. */
  #prefix: Uint8Array = new Uint8Array();
  #prefixStatus = 0;
  #prefixHeaders: HttpResponse["headers"] | undefined;

  /** Tells the time, in milliseconds since 1970; a second is fine enough. */
  setTime(epochMs: number): void {
    this.#date = new Date(epochMs).toUTCString();
    this.#prefixHeaders = undefined;
  }

  /**
   * Appends a whole response, or the head of one whose body is streamed.
   * @returns Whether the connection can take another response after it.
   * @throws {TypeError} If a header would break the head.
   */
  write(
    output: ByteQueue,
    response: HttpResponse,
    frame: ResponseFrame,
  ): boolean {
    const { status, body } = response;
    const prefix = this.#prefixOf(response);
    const bytes = isStreamed(body)
      ? undefined
      : typeof body === "string"
      ? encoder.encode(body)
      : body;
    const isBodySent = mayHaveBody(status, frame.method);
    // What HEAD is answered tells of the body that GET would get.
    const length = mayHaveBody(status, "GET")
      ? bytes?.length ?? declaredLength(response.headers)
      : undefined;
    const isKept = frame.keepsConnection &&
      (!isBodySent || length !== undefined);
    const bodyLength = isBodySent && bytes !== undefined ? bytes.length : 0;
    const space = output.space(
      prefix.length + MAX_FRAMING_LENGTH + bodyLength,
    );
    space.set(prefix);
    let end = prefix.length;
    if (length !== undefined) {
      space.set(LENGTH_HEADER, end);
      end = writeDecimal(space, end + LENGTH_HEADER.length, length);
      space[end++] = CARRIAGE_RETURN;
      space[end++] = LINE_FEED;
    }
    const headEnd = !isKept
      ? HEAD_ENDS.closed
      : frame.isHttp10
      ? HEAD_ENDS.keptHttp10
      : HEAD_ENDS.kept;
    space.set(headEnd, end);
    end += headEnd.length;
    if (bodyLength > 0) space.set(bytes!, end);
    output.commit(end + bodyLength);
    return isKept;
  }

  /** The status line and the response's own headers. */
  #prefixOf({ status, headers }: HttpResponse): Uint8Array {
    if (headers === this.#prefixHeaders && status === this.#prefixStatus) {
      return this.#prefix;
    }
    let text = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`;
    for (const [name, value] of Object.entries(headers)) {
      if (FRAMING_HEADERS.has(name)) continue;
      if (!/^[\w-]+$/.test(name) || /[\0\r\n]/.test(value)) {
        throw new TypeError(
          `Cannot write header ${JSON.stringify(name)}: ${
            JSON.stringify(value)
          } would break the head`,
        );
      }
      text += `${name}: ${value}\r\n`;
    }
    if (this.#date !== "") text += `date: ${this.#date}\r\n`;
    this.#prefix = encoder.encode(text);
    this.#prefixStatus = status;
    this.#prefixHeaders = headers;
    return this.#prefix;
  }
}

/** Whether a response has a body at all. [RFC 9112, 6.3] */
export function mayHaveBody(status: number, method: string): boolean {
  return status !== 204 && status !== 304 && method !== "HEAD";
}

/** The length of a streamed body, if its maker tells it. */
export function declaredLength(
  headers: HttpResponse["headers"],
): number | undefined {
  const value = headers[CONTENT_LENGTH];
  return value === undefined ? undefined : Number(value);
}

/** Writes a whole number in decimal digits. @returns Where it ends. */
function writeDecimal(
  bytes: Uint8Array,
  offset: number,
  value: number,
): number {
  let digitCount = 1;
  for (let power = 10; power <= value; power *= 10) digitCount++;
  let rest = value;
  for (let at = offset + digitCount - 1; at >= offset; at--) {
    bytes[at] = 0x30 + rest % 10;
    rest = Math.floor(rest / 10);
  }
  return offset + digitCount;
}
