/**
 * The first line of a request: method, target, version. [RFC 9112, 3] A target
 * is taken as it was sent, bytes beyond ASCII included: what a query says is its
 * reader's business.
 *
 * @module
 */
import { isText, isTextInAnyCase, latin1Text } from "./byte_text.ts";
import { RequestError } from "./request_error.ts";
import { endOfToken } from "./token.ts";

/** What a request line says. */
export interface RequestLine {
  readonly method: string;
  /** From its first slash, as it was sent; `*` where the whole server is meant. */
  readonly path: string;
  /** What stands after the `?`, a character for each byte; empty if there is none. */
  readonly query: string;
  /** Whether the asker speaks HTTP/1.0, not a later HTTP/1. */
  readonly isHttp10: boolean;
  /** Where the next line begins in the bytes. */
  readonly end: number;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const SLASH = 0x2f;
const COLON = 0x3a;
const QUESTION_MARK = 0x3f;
const ASTERISK = 0x2a;

/** Length of `HTTP/1.1`. */
const VERSION_LENGTH = 8;

/**
 * Reads the line at `from`, whose line feed must be there.
 * @throws {RequestError} If it is none, or its target is too long.
 */
export function parseRequestLine(
  bytes: Uint8Array,
  from: number,
  maxTargetLength: number,
): RequestLine {
  const methodEnd = endOfToken(bytes, from, bytes.length);
  if (methodEnd === from || bytes[methodEnd] !== SPACE) {
    throw new RequestError(400, "it does not begin with a method");
  }
  const targetStart = methodEnd + 1;
  let targetEnd = targetStart;
  let queryStart = -1;
  for (; bytes[targetEnd]! > SPACE; targetEnd++) {
    if (bytes[targetEnd] === QUESTION_MARK && queryStart === -1) {
      queryStart = targetEnd;
    }
  }
  if (targetEnd - targetStart > maxTargetLength) {
    throw targetTooLong(maxTargetLength);
  }
  if (targetEnd === targetStart || bytes[targetEnd] !== SPACE) {
    throw new RequestError(400, "its target is no target");
  }
  const versionStart = targetEnd + 1;
  const isHttp10 = readVersion(bytes, versionStart);
  const pathEnd = queryStart === -1 ? targetEnd : queryStart;
  const pathStart = skipAuthority(bytes, targetStart, pathEnd);
  return {
    method: methodText(bytes, from, methodEnd),
    path: pathStart === pathEnd
      ? "/" // As in `http://host` and `http://host?query`.
      : pathText(bytes, pathStart, pathEnd),
    query: queryStart === -1
      ? ""
      : latin1Text(bytes, queryStart + 1, targetEnd),
    isHttp10,
    end: endOfLine(bytes, versionStart + VERSION_LENGTH),
  };
}

/** The error for a target that goes on beyond the limit. */
export function targetTooLong(maxTargetLength: number): RequestError {
  return new RequestError(
    414,
    `its target is longer than ${maxTargetLength} bytes`,
  );
}

/** Whether the version is 1.0; a later version 1 is like 1.1. */
function readVersion(bytes: Uint8Array, from: number): boolean {
  const major = bytes[from + 5]! - 0x30;
  const minor = bytes[from + 7]! - 0x30;
  const isVersion = isText(bytes, from, from + 5, "HTTP/") &&
    bytes[from + 6] === 0x2e && // .
    major >= 0 && major <= 9 && minor >= 0 && minor <= 9;
  if (!isVersion) {
    throw new RequestError(400, "no version follows its target");
  }
  if (major !== 1) {
    throw new RequestError(505, `version ${major}.${minor} is not spoken here`);
  }
  return minor === 0;
}

/** Where the next line begins. */
function endOfLine(bytes: Uint8Array, from: number): number {
  if (bytes[from] === LINE_FEED) return from + 1;
  if (bytes[from] === CARRIAGE_RETURN && bytes[from + 1] === LINE_FEED) {
    return from + 2;
  }
  throw new RequestError(400, "its first line goes on after the version");
}

/** Where the path begins: whoever asks through a proxy names the host before it. */
function skipAuthority(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] === SLASH) return from;
  if (bytes[from] === ASTERISK && to === from + 1) return from;
  const schemeEnd = endOfToken(bytes, from, to);
  const isAbsolute = bytes[schemeEnd] === COLON &&
    bytes[schemeEnd + 1] === SLASH && bytes[schemeEnd + 2] === SLASH &&
    (isTextInAnyCase(bytes, from, schemeEnd, "http") ||
      isTextInAnyCase(bytes, from, schemeEnd, "https"));
  if (!isAbsolute) {
    throw new RequestError(400, "its target is neither a path nor a URL");
  }
  let offset = schemeEnd + 3;
  while (offset < to && bytes[offset] !== SLASH) offset++;
  return offset;
}

function methodText(bytes: Uint8Array, from: number, to: number): string {
  return isText(bytes, from, to, "GET") ? "GET" : latin1Text(bytes, from, to);
}

let lastPath = "";

/** Nearly all ask for one path: comparing with the last one costs less than a new text. */
function pathText(bytes: Uint8Array, from: number, to: number): string {
  if (!isText(bytes, from, to, lastPath)) {
    lastPath = latin1Text(bytes, from, to);
  }
  return lastPath;
}
