/**
 * The header lines of a request. [RFC 9112, 5] All are checked, but only what
 * decides how the connection goes on is read at once; any other header is looked
 * for when somebody asks for it.
 *
 * @module
 */
import { isTextInAnyCase, latin1Text } from "./byte_text.ts";
import { RequestError } from "./request_error.ts";
import type { RequestLimits } from "./request_limits.ts";
import { endOfToken } from "./token.ts";

/** What the headers say about the connection. */
export interface ConnectionHeaders {
  /** Where the empty line is that ends them. */
  readonly end: number;
  readonly hostCount: number;
  /** Whether the asker names it among its connection options. */
  readonly wantsClose: boolean;
  readonly wantsKeepAlive: boolean;
  /** Whether the body is held back until we ask for it. */
  readonly expectsContinue: boolean;
  /** Length of the body that follows, in bytes. */
  readonly contentLength: number;
}

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const DELETE = 0x7f;

/** Where in the bytes a header line's parts are. */
interface HeaderLine {
  nameEnd: number;
  valueStart: number;
  valueEnd: number;
  /** Where the next line begins. */
  next: number;
}

/**
 * Checks all lines from `from` to the empty one, which must be there.
 * @throws {RequestError} If one is malformed or says what is refused.
 */
export function readConnectionHeaders(
  bytes: Uint8Array,
  from: number,
  limits: RequestLimits,
): ConnectionHeaders {
  const headers = {
    end: from,
    hostCount: 0,
    wantsClose: false,
    wantsKeepAlive: false,
    expectsContinue: false,
    contentLength: 0,
  };
  const line: HeaderLine = { nameEnd: 0, valueStart: 0, valueEnd: 0, next: 0 };
  let count = 0;
  let lengthCount = 0;
  let start = from;
  for (; !isEmptyLine(bytes, start); start = line.next) {
    if (++count > limits.maxHeaderCount) {
      throw new RequestError(
        431,
        `it has more than ${limits.maxHeaderCount} headers`,
      );
    }
    readLine(bytes, start, line);
    const { nameEnd, valueStart, valueEnd } = line;
    switch (nameEnd - start) {
      case 4:
        if (isTextInAnyCase(bytes, start, nameEnd, "host")) headers.hostCount++;
        break;
      case 6:
        if (isTextInAnyCase(bytes, start, nameEnd, "expect")) {
          headers.expectsContinue = true;
        }
        break;
      case 10:
        if (isTextInAnyCase(bytes, start, nameEnd, "connection")) {
          for (const option of options(bytes, valueStart, valueEnd)) {
            if (option === "close") headers.wantsClose = true;
            if (option === "keep-alive") headers.wantsKeepAlive = true;
          }
        }
        break;
      case 14:
        if (isTextInAnyCase(bytes, start, nameEnd, "content-length")) {
          headers.contentLength = bodyLength(
            latin1Text(bytes, valueStart, valueEnd),
            limits.maxBodyLength,
          );
          lengthCount++;
        }
        break;
      case 17:
        // Where a body of unknown length ends nobody needs to find out.
        if (isTextInAnyCase(bytes, start, nameEnd, "transfer-encoding")) {
          throw new RequestError(411, "its body's length is not told");
        }
        break;
    }
  }
  // Which of two is meant is how one request is smuggled in another.
  if (lengthCount > 1) throw new RequestError(400, "it has two lengths");
  headers.end = start;
  return headers;
}

/** The value of a header named in lower case; several of the name are joined as a list. */
export function headerValue(
  bytes: Uint8Array,
  range: { readonly from: number; readonly to: number },
  name: string,
): string | undefined {
  const line: HeaderLine = { nameEnd: 0, valueStart: 0, valueEnd: 0, next: 0 };
  let value: string | undefined;
  for (let start = range.from; start < range.to; start = line.next) {
    readLine(bytes, start, line);
    if (!isTextInAnyCase(bytes, start, line.nameEnd, name)) continue;
    const text = latin1Text(bytes, line.valueStart, line.valueEnd);
    value = value === undefined ? text : `${value}, ${text}`;
  }
  return value;
}

/** Finds the parts of the line at `start`; into one object, as a request has many. */
function readLine(
  bytes: Uint8Array,
  start: number,
  line: HeaderLine,
): void {
  const nameEnd = endOfToken(bytes, start, bytes.length);
  if (nameEnd === start || bytes[nameEnd] !== COLON) {
    // A continued line begins with a blank; it is long obsolete.
    throw new RequestError(400, "a header line does not begin with a name");
  }
  let end = nameEnd + 1;
  for (;; end++) {
    const byte = bytes[end]!;
    if (byte >= SPACE ? byte !== DELETE : byte === TAB) continue;
    if (byte === LINE_FEED) break;
    if (byte === CARRIAGE_RETURN && bytes[end + 1] === LINE_FEED) break;
    throw new RequestError(400, "a header has a control byte");
  }
  line.nameEnd = nameEnd;
  line.next = end + (bytes[end] === LINE_FEED ? 1 : 2);
  let valueStart = nameEnd + 1;
  while (valueStart < end && isBlank(bytes[valueStart]!)) valueStart++;
  let valueEnd = end;
  while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1]!)) valueEnd--;
  line.valueStart = valueStart;
  line.valueEnd = valueEnd;
}

function isEmptyLine(bytes: Uint8Array, start: number): boolean {
  return bytes[start] === LINE_FEED ||
    (bytes[start] === CARRIAGE_RETURN && bytes[start + 1] === LINE_FEED);
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

const CLOSE: readonly string[] = ["close"];

/** A list of words, in lower case. */
function options(
  bytes: Uint8Array,
  from: number,
  to: number,
): readonly string[] {
  // What most clients of trackers say.
  if (isTextInAnyCase(bytes, from, to, "close")) return CLOSE;
  return latin1Text(bytes, from, to).toLowerCase().split(",")
    .map((option) => option.trim());
}

function bodyLength(text: string, maxLength: number): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw new RequestError(400, "its body's length is not a number");
  }
  const length = Number(text);
  if (length > maxLength) {
    throw new RequestError(
      413,
      `its body is longer than ${maxLength} bytes`,
    );
  }
  return length;
}
