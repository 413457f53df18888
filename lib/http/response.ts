/**
 * HTTP responses, and the writer that turns them into bytes. [RFC 9112] Owns the
 * headers that frame a response: handlers say nothing of lengths and connections.
 * Head and body go into one buffer, so a short response is one write. Knows no
 * socket and no clock.
 *
 * @module
 */
import { STATUS_TEXT } from "@std/http/status";
import type { ByteQueue } from "../base/byte_queue.ts";

export interface HttpResponse {
  /** 200 to 599. */
  readonly status: number;
  /**
   * By their names in lower case. The writer takes an object that it sees again
   * as unchanged.
   */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * An iterable is sent part by part, each taken when the client has received the
   * former; the end of the connection ends the body. If the client leaves before, or
   * nothing of the body is sent, `return` is called, even while a `next` is pending.
   */
  readonly body:
    | string
    | Uint8Array<ArrayBuffer>
    | AsyncIterable<Uint8Array>;
  /**
   * Length of an iterable body, in bytes: that of all its parts together.
   * @default unknown
   */
  readonly length?: number;
}

/** Headers of a text. One object for all, because known headers are written faster. */
export const TEXT_HEADERS: HttpResponse["headers"] = {
  "content-type": "text/plain; charset=utf-8",
};

const NO_STORE = { "cache-control": "no-store" };

export const JSON_HEADERS: HttpResponse["headers"] = {
  "content-type": "application/json",
  ...NO_STORE,
};

/** Headers of an event stream: proxies have to pass events on as they come. */
export const EVENT_HEADERS: HttpResponse["headers"] = {
  "content-type": "text/event-stream",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
};

/** A text that no cache keeps, for people unless `headers` say otherwise. */
export function textResponse(
  status: number,
  body: string,
  headers: HttpResponse["headers"] = {},
): HttpResponse {
  return {
    status,
    headers: { ...TEXT_HEADERS, ...NO_STORE, ...headers },
    body,
  };
}

export function jsonResponse(value: unknown): HttpResponse {
  const body = `${JSON.stringify(value)}\n`;
  return { status: 200, headers: JSON_HEADERS, body };
}

/** True for a body that is sent part by part. */
export function isStreamed(
  body: HttpResponse["body"],
): body is AsyncIterable<Uint8Array> {
  return typeof body !== "string" && !(body instanceof Uint8Array);
}

/**
 * Longest body of bytes that is copied behind its head, in bytes. Copies of a
 * longer one, for each of many slow clients, would add up.
 */
const MAX_COPIED_LENGTH = 16 * 1024;

/** True for a body that the writer leaves out, to be sent after the head. */
export function isSentApart(
  body: HttpResponse["body"],
): body is Exclude<HttpResponse["body"], string> {
  return isStreamed(body) ||
    (typeof body !== "string" && body.length > MAX_COPIED_LENGTH);
}

/** False where a response never has a body. [RFC 9112, 6.3] */
export function mayHaveBody(status: number, method: string): boolean {
  return status !== 204 && status !== 304 && method !== "HEAD";
}

/** The properties of a request that decide how its response is framed. */
export interface ResponseFrame {
  readonly method: string;
  readonly isHttp10: boolean;
  /** Another request may follow. */
  readonly keepsConnection: boolean;
}

/** Headers that only the writer sets. */
const FRAMING_HEADERS: readonly string[] = [
  ...["connection", "content-length", "date", "transfer-encoding"],
];

const encoder = new TextEncoder();

const HEAD_ENDS = {
  kept: encoder.encode("\r\n\r\n"),
  keptHttp10: encoder.encode("\r\nconnection: keep-alive\r\n\r\n"),
  closed: encoder.encode("\r\nconnection: close\r\n\r\n"),
} as const;

const LENGTH_HEADER = encoder.encode("\r\ncontent-length: ");

/** Most bytes of a head beside its prefix. */
const MAX_FRAMING_LENGTH = 64;

/** Writes the responses of all connections of a server. */
export class ResponseWriter {
  #date = "";
  /** First lines of the last head, because most responses have the same headers. */
  #prefix: Uint8Array = new Uint8Array();
  #prefixStatus = 0;
  #prefixHeaders: HttpResponse["headers"] | undefined;
  readonly #common: HttpResponse["headers"];

  /** @param headers Of every response that has no others of these names. @default none */
  constructor(headers: HttpResponse["headers"] = {}) {
    this.#common = headers;
  }

  /** Sets the time of further responses, in milliseconds since 1970. */
  setTime(epochMs: number): void {
    this.#date = new Date(epochMs).toUTCString();
    this.#prefixHeaders = undefined;
  }

  /**
   * Appends a response to `output`, without its body if {@linkcode isSentApart}.
   * @returns Whether the connection can take another response after it.
   * @throws {TypeError} If a header would break the head.
   */
  write(
    output: ByteQueue,
    response: HttpResponse,
    frame: ResponseFrame,
  ): boolean {
    const prefix = this.#prefixOf(response);
    const body = typeof response.body === "string"
      ? encoder.encode(response.body)
      : response.body;
    const hasBody = mayHaveBody(response.status, frame.method);
    const isCopied = hasBody && !isSentApart(response.body);
    // The response to HEAD has the length of the body that GET would get.
    const bytes = body instanceof Uint8Array ? body : undefined;
    const length = mayHaveBody(response.status, "GET")
      ? bytes?.length ?? response.length
      : undefined;
    const isKept = frame.keepsConnection && (!hasBody || bytes !== undefined);
    const space = output.space(
      prefix.length + MAX_FRAMING_LENGTH + (isCopied ? length! : 0),
    );
    space.set(prefix);
    let end = prefix.length;
    if (length !== undefined) {
      space.set(LENGTH_HEADER, end);
      end = writeDecimal(space, end + LENGTH_HEADER.length, length);
    }
    const headEnd = !isKept
      ? HEAD_ENDS.closed
      : frame.isHttp10
      ? HEAD_ENDS.keptHttp10
      : HEAD_ENDS.kept;
    space.set(headEnd, end);
    end += headEnd.length;
    if (isCopied) {
      space.set(bytes!, end);
      end += length!;
    }
    output.commit(end);
    return isKept;
  }

  /** The status line and the response's own headers, without the last line's end. */
  #prefixOf({ status, headers }: HttpResponse): Uint8Array {
    if (headers === this.#prefixHeaders && status === this.#prefixStatus) {
      return this.#prefix;
    }
    let text = `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? ""}`;
    for (
      const [name, value] of Object.entries({ ...this.#common, ...headers })
    ) {
      if (FRAMING_HEADERS.includes(name)) continue;
      if (!/^[\w-]+$/.test(name) || /[\0\r\n]/.test(value)) {
        const header = `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
        throw new TypeError(
          `Cannot write response: the header ${header} would break the head`,
        );
      }
      text += `\r\n${name}: ${value}`;
    }
    if (this.#date !== "") text += `\r\ndate: ${this.#date}`;
    this.#prefix = encoder.encode(text);
    this.#prefixStatus = status;
    this.#prefixHeaders = headers;
    return this.#prefix;
  }
}

/** Writes a whole number in decimal digits. @returns The offset of its end. */
export function writeDecimal(
  bytes: Uint8Array,
  offset: number,
  value: number,
): number {
  let divisor = 1;
  while (divisor * 10 <= value) divisor *= 10;
  let end = offset;
  for (; divisor >= 1; divisor /= 10) {
    bytes[end++] = 0x30 + Math.floor(value / divisor) % 10;
  }
  return end;
}
