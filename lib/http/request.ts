/**
 * An HTTP request, parsed from its head: the request line and the header lines.
 * [RFC 9110, RFC 9112] Text holds one character for each byte, because the query
 * of an announce is bytes in no encoding. Everything is validated, but only the
 * headers that frame the request are read at once. Knows no socket and no clock.
 *
 * @module
 */

/** Limits of a request, checked before memory is taken for it. */
export interface RequestLimits {
  /** Longest target (path and query), in bytes; a longer one gets status 414. */
  readonly maxTargetLength: number;
  /** Length of all header lines together, in bytes; more get status 431. */
  readonly maxHeaderLength: number;
  /** Number of header lines; more get status 431. */
  readonly maxHeaderCount: number;
  /** Longest body, which is skipped, in bytes; a longer one gets status 413. */
  readonly maxBodyLength: number;
}

/** Enough for a scrape of 200 torrents and for the headers of browsers. */
export const REQUEST_LIMITS: RequestLimits = {
  maxTargetLength: 16 * 1024,
  maxHeaderLength: 16 * 1024,
  maxHeaderCount: 100,
  maxBodyLength: 64 * 1024,
};

/** The status that answers a request which cannot be read. [RFC 9110, 15.5 and 15.6] */
export type RequestErrorStatus = 400 | 411 | 413 | 414 | 431 | 505;

/**
 * A request breaks HTTP's rules or our limits. The connection ends with the
 * response, because the start of the next request is unknown.
 */
export class RequestError extends Error {
  /** Stands before the message when the error is printed. */
  override readonly name = "RequestError";
  readonly status: RequestErrorStatus;

  constructor(status: RequestErrorStatus, reason: string) {
    super(`Cannot read request: ${reason}`);
    this.status = status;
  }
}

const EXCEEDED = {
  maxTargetLength: [414, "bytes of path and query"],
  maxHeaderLength: [431, "bytes of headers"],
  maxHeaderCount: [431, "headers"],
  maxBodyLength: [413, "bytes of body"],
} as const;

/** @throws {RequestError} If the value exceeds the limit. */
export function checkLimit(
  limits: RequestLimits,
  name: keyof RequestLimits,
  value: number,
): void {
  if (value <= limits[name]) return;
  const [status, noun] = EXCEEDED[name];
  throw new RequestError(status, `more than ${limits[name]} ${noun}`);
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

/** The client of a request, and the limits of the request. */
export interface RequestContext {
  /** IP address of the client. */
  readonly remoteHostname: string;
  /** IP address of this machine that the client reached. */
  readonly localHostname?: string | undefined;
  readonly limits: RequestLimits;
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
    rest: Omit<RequestContext, "limits"> & { readonly headerLines: string },
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
  { limits, ...client }: RequestContext,
): HttpRequest {
  if (!HEAD.test(head)) {
    checkRequestLine(head, limits);
    throw new RequestError(400, 'a header line is not "name: value"');
  }
  const line = readRequestLine(head, limits);
  const headerLines = head.slice(head.indexOf("\n") + 1);
  checkHeaderLength(headerLines.length, limits);
  const framing = readFraming(headerLines, line, limits);
  return new HttpRequest(line, framing, { ...client, headerLines });
}

/** @throws {RequestError} If the text does not begin with a request line. */
export function checkRequestLine(text: string, limits: RequestLimits): void {
  if (!REQUEST_LINE.test(text)) throw notHttp();
  readRequestLine(text, limits);
}

/**
 * Checks an incomplete request line.
 * @throws {RequestError} If no further bytes can make it valid.
 */
export function checkUnfinishedLine(
  { firstByte, length }: {
    readonly firstByte: number;
    readonly length: number;
  },
  limits: RequestLimits,
): void {
  const start = String.fromCharCode(firstByte);
  if (!/[\w!#$%&'*+.^`|~-]/.test(start)) throw notHttp();
  checkLineLength(length, limits);
}

function checkLineLength(length: number, limits: RequestLimits): void {
  checkLimit(limits, "maxTargetLength", length - MAX_LINE_OVERHEAD);
}

/** @param length With the empty line or a part of it. @throws {RequestError} */
export function checkHeaderLength(length: number, limits: RequestLimits): void {
  checkLimit(limits, "maxHeaderLength", length - "\r\n".length);
}

/** @param text Matches {@linkcode REQUEST_LINE}. */
function readRequestLine(text: string, limits: RequestLimits): RequestLine {
  checkLineLength(text.indexOf("\n"), limits);
  const methodEnd = text.indexOf(" ");
  const targetEnd = text.indexOf(" ", methodEnd + 1);
  checkLimit(limits, "maxTargetLength", targetEnd - methodEnd - 1);
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
  limits: RequestLimits,
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
    checkLimit(limits, "maxHeaderCount", ++count);
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
        checkLimit(limits, "maxBodyLength", contentLength);
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
