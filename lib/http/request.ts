/**
 * An HTTP request, parsed from its head: the request line and the header lines.
 * [RFC 9110, RFC 9112] Text holds one character for each byte, because the query
 * of an announce is bytes in no encoding. Everything is validated, but only the
 * headers that frame the request are read at once. Knows no socket and no clock.
 *
 * @module
 */

/**
 * A request breaks HTTP's rules or our limits. The connection ends with the
 * response, because the start of the next request is unknown.
 */
export class RequestError extends Error {
  /** Stands before the message when the error is printed. */
  override readonly name = "RequestError";
  /** The status that answers it. [RFC 9110, 15.5 and 15.6] */
  readonly status: number;

  constructor(status: number, reason: string) {
    super(`Cannot read request: ${reason}`);
    this.status = status;
  }
}

/**
 * Limits of a request, checked before memory is taken for it: enough for a scrape of
 * 200 torrents and for the headers of browsers.
 */
export const LIMITS = {
  targetLength: {
    most: 16 * 1024,
    noun: "bytes of path and query",
    status: 414,
  },
  /** Of all header lines together. */
  headerLength: { most: 16 * 1024, noun: "bytes of headers", status: 431 },
  headerCount: { most: 100, noun: "headers", status: 431 },
  /** A body is skipped. */
  bodyLength: { most: 64 * 1024, noun: "bytes of body", status: 413 },
} as const;

/** @throws {RequestError} If the value exceeds the limit. */
export function checkLimit(
  { most, noun, status }: (typeof LIMITS)[keyof typeof LIMITS],
  value: number,
): void {
  if (value > most) throw new RequestError(status, `more than ${most} ${noun}`);
}

/** The request line. [RFC 9112, 3] */
interface RequestLine {
  readonly method: string;
  /** From its first slash, as it was sent; `*` stands for the whole server. */
  readonly path: string;
  /** The text after the `?`, as it was sent; empty if there is none. */
  readonly query: string;
  /** True for HTTP/1.0, false for a later HTTP/1. */
  readonly isHttp10: boolean;
}

/** The consequences of the headers that frame a request. */
type Framing = Pick<HttpRequest, "keepsConnection" | "contentLength">;

/** The two ends of a request's connection. */
export interface RequestContext {
  /** IP address of the client. */
  readonly remoteHostname: string;
  /** IP address of this machine that the client reached. */
  readonly localHostname?: string | undefined;
}

/** A request without its body. */
export class HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly isHttp10: boolean;
  /** The client may send another request after this one's response. */
  readonly keepsConnection: boolean;
  /** Length of the body that follows, in bytes. */
  readonly contentLength: number;
  /** IP address of the client, never IPv4-mapped. */
  readonly remoteHostname: string;
  /** IP address of this machine that the client reached, never IPv4-mapped. */
  readonly localHostname: string | undefined;
  readonly #headerLines: string;
  #headers: ReadonlyMap<string, string> | undefined;

  constructor(
    line: RequestLine,
    framing: Framing,
    rest: RequestContext & { readonly headerLines: string },
  ) {
    this.method = line.method;
    this.path = line.path;
    this.query = line.query;
    this.isHttp10 = line.isHttp10;
    this.keepsConnection = framing.keepsConnection;
    this.contentLength = framing.contentLength;
    this.remoteHostname = rest.remoteHostname;
    this.localHostname = rest.localHostname;
    this.#headerLines = rest.headerLines;
  }

  /**
   * True for a request that a web page or a browser made. Browsers leave out
   * `Sec-Fetch-*` on plain HTTP, and a page can suppress `Referer`, so the user
   * agent counts too. One search of the text, because a map of the headers would
   * double the cost of an announce.
   */
  get isFromBrowser(): boolean {
    return BROWSER_HEADER.test(this.#headerLines);
  }

  /** The value of a header named in lower case; several of one name are joined with commas. */
  header(name: string): string | undefined {
    this.#headers ??= parseHeaders(this.#headerLines);
    return this.#headers.get(name);
  }
}

const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const LINE = `${TOKEN} [^\\0-\\x20]+ HTTP/\\d\\.\\d\\r?\\n`;
const HEADER_LINE = `${TOKEN}:[^\\0-\\x08\\x0a-\\x1f\\x7f]*\\r?\\n`;

const REQUEST_LINE = new RegExp(`^${LINE}`);
/** The whole head. A folded header line is obsolete and refused. [RFC 9112, 5.2] */
const HEAD = new RegExp(`^${LINE}(?:${HEADER_LINE})*\\r?\\n$`);

/** A header line that only browsers send. */
const BROWSER_HEADER =
  /^(?:(?:origin|referer|sec-fetch-[\w-]+):|user-agent:[ \t]*mozilla\/)/im;

/** Longest method and version together, in bytes. */
const MAX_LINE_OVERHEAD = 64;

/**
 * Parses a head, the empty line at its end included.
 * @throws {RequestError} If it breaks HTTP's rules or a limit.
 */
export function parseRequest(
  head: string,
  client: RequestContext,
): HttpRequest {
  if (!HEAD.test(head)) {
    checkRequestLine(head);
    throw new RequestError(400, 'a header line is not "name: value"');
  }
  const line = readRequestLine(head);
  const headerLines = head.slice(head.indexOf("\n") + 1);
  checkHeaderLength(headerLines.length);
  const framing = readFraming(headerLines, line);
  return new HttpRequest(line, framing, { ...client, headerLines });
}

/** @throws {RequestError} If the text does not begin with a request line. */
export function checkRequestLine(text: string): void {
  if (!REQUEST_LINE.test(text)) throw notHttp();
  readRequestLine(text);
}

/** @throws {RequestError} If no further bytes can make an incomplete request line valid. */
export function checkUnfinishedLine(firstByte: number, length: number): void {
  const start = String.fromCharCode(firstByte);
  if (!/[\w!#$%&'*+.^`|~-]/.test(start)) throw notHttp();
  checkLimit(LIMITS.targetLength, length - MAX_LINE_OVERHEAD);
}

/** @param length With the empty line or a part of it. @throws {RequestError} */
export function checkHeaderLength(length: number): void {
  checkLimit(LIMITS.headerLength, length - "\r\n".length);
}

/** @param text Matches {@linkcode REQUEST_LINE}. */
function readRequestLine(text: string): RequestLine {
  checkLimit(LIMITS.targetLength, text.indexOf("\n") - MAX_LINE_OVERHEAD);
  const methodEnd = text.indexOf(" ");
  const targetEnd = text.indexOf(" ", methodEnd + 1);
  checkLimit(LIMITS.targetLength, targetEnd - methodEnd - 1);
  const version = text.slice(targetEnd + 1, targetEnd + 1 + "HTTP/1.1".length);
  if (!version.startsWith("HTTP/1")) {
    throw new RequestError(505, `${version} is not supported`);
  }
  const pathStart = methodEnd + 1 + hostLength(text, methodEnd + 1, targetEnd);
  const mark = text.indexOf("?", pathStart);
  const hasQuery = mark !== -1 && mark < targetEnd;
  const path = text.slice(pathStart, hasQuery ? mark : targetEnd);
  if (path !== "*" && path !== "" && !path.startsWith("/")) {
    throw new RequestError(400, "its target is neither a path nor a URL");
  }
  return {
    method: text.slice(0, methodEnd),
    path: path === "" ? "/" : path,
    query: hasQuery ? text.slice(mark + 1, targetEnd) : "",
    isHttp10: version === "HTTP/1.0",
  };
}

/** Length of scheme and host, which a client names that uses a proxy. */
function hostLength(text: string, start: number, end: number): number {
  if (text[start] === "/") return 0;
  return /^https?:\/\/[^/?]*/i.exec(text.slice(start, end))?.[0].length ?? 0;
}

/** Lengths of the names that matter: most others need no string of their own. */
const FRAMING_NAME_LENGTHS: ReadonlySet<number> = new Set([
  ...["host", "expect", "connection", "content-length", "transfer-encoding"]
    .map((name) => name.length),
]);

function readFraming(
  headerLines: string,
  { isHttp10 }: RequestLine,
): Framing {
  let count = 0;
  let hostCount = 0;
  let connection = "";
  let expectsContinue = false;
  let contentLength: number | undefined;
  let end = -1;
  for (;;) {
    const start = end + 1;
    const nameEnd = headerLines.indexOf(":", start);
    if (nameEnd === -1) break;
    end = headerLines.indexOf("\n", nameEnd);
    checkLimit(LIMITS.headerCount, ++count);
    if (!FRAMING_NAME_LENGTHS.has(nameEnd - start)) continue;
    switch (headerLines.slice(start, nameEnd).toLowerCase()) {
      case "host":
        hostCount++;
        break;
      case "expect":
        expectsContinue = true;
        break;
      case "connection":
        if (connection !== "") connection += ",";
        connection += headerLines.slice(nameEnd + 1, end);
        break;
      case "content-length":
        // Two lengths are how one request is smuggled inside another.
        if (contentLength !== undefined) {
          throw new RequestError(400, "it has two content lengths");
        }
        contentLength = readContentLength(headerLines.slice(nameEnd + 1, end));
        checkLimit(LIMITS.bodyLength, contentLength);
        break;
      case "transfer-encoding":
        // No client of a tracker sends a body, so chunks are not parsed.
        throw new RequestError(411, "its body has no content length");
    }
  }
  if (hostCount !== 1 && !(isHttp10 && hostCount === 0)) {
    throw new RequestError(400, `it has ${hostCount} host headers, not one`);
  }
  const wantsMore = isHttp10
    ? hasOption(connection, "keep-alive")
    : !hasOption(connection, "close");
  return {
    // A client that gets a response instead of "100 Continue" may omit the body.
    keepsConnection: wantsMore && !expectsContinue,
    contentLength: contentLength ?? 0,
  };
}

/** Finds a word, in lower case, in a list that is separated by commas. */
function hasOption(list: string, option: string): boolean {
  return list !== "" &&
    list.toLowerCase().split(",").some((word) => word.trim() === option);
}

function readContentLength(value: string): number {
  const digits = /^[ \t]*(\d{1,15})[ \t]*\r?$/.exec(value)?.[1];
  if (digits === undefined) {
    throw new RequestError(400, "its content length is not a number");
  }
  return Number(digits);
}

function parseHeaders(headerLines: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of headerLines.split("\n")) {
    const nameEnd = line.indexOf(":");
    if (nameEnd === -1) break;
    const name = line.slice(0, nameEnd).toLowerCase();
    const value = line.slice(nameEnd + 1).trim();
    const former = headers.get(name);
    headers.set(name, former === undefined ? value : `${former}, ${value}`);
  }
  return headers;
}

function notHttp(): RequestError {
  return new RequestError(400, 'it does not begin with "GET /path HTTP/1.1"');
}
