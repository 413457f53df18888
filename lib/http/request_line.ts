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
}

const SPACE = 0x20;
const SLASH = 0x2f;
const COLON = 0x3a;
const QUESTION_MARK = 0x3f;
const ASTERISK = 0x2a;

/** Length of ` HTTP/1.1`. */
const VERSION_LENGTH = 9;

/**
 * Reads the line from `from` to `to`, without its end.
 * @throws {RequestError} If it is none, or its target is too long.
 */
export function parseRequestLine(
  bytes: Uint8Array,
  from: number,
  to: number,
  maxTargetLength: number,
): RequestLine {
  const methodEnd = endOfToken(bytes, from, to);
  if (methodEnd === from || bytes[methodEnd] !== SPACE) {
    throw new RequestError(400, "it does not begin with a method");
  }
  const targetStart = methodEnd + 1;
  const targetEnd = to - VERSION_LENGTH;
  const isHttp10 = readVersion(bytes, targetEnd, to);
  if (targetEnd <= targetStart) throw new RequestError(400, "it has no target");
  if (targetEnd - targetStart > maxTargetLength) {
    throw targetTooLong(maxTargetLength);
  }
  let queryStart = targetEnd;
  for (let offset = targetStart; offset < targetEnd; offset++) {
    const byte = bytes[offset]!;
    if (byte <= SPACE) {
      throw new RequestError(400, "its target has a blank or a control byte");
    }
    if (byte === QUESTION_MARK && queryStart === targetEnd) queryStart = offset;
  }
  const pathStart = skipAuthority(bytes, targetStart, queryStart);
  return {
    method: methodText(bytes, from, methodEnd),
    path: pathStart === queryStart
      ? "/" // As in `http://host` and `http://host?query`.
      : pathText(bytes, pathStart, queryStart),
    query: queryStart + 1 >= targetEnd
      ? ""
      : latin1Text(bytes, queryStart + 1, targetEnd),
    isHttp10,
  };
}

/** The error for a target that goes on beyond the limit. */
export function targetTooLong(maxTargetLength: number): RequestError {
  return new RequestError(
    414,
    `its target is longer than ${maxTargetLength} bytes`,
  );
}

/** Whether the line ends with the version 1.0; a later version 1 is like 1.1. */
function readVersion(bytes: Uint8Array, from: number, to: number): boolean {
  const digits = to - 3;
  const major = bytes[digits]! - 0x30;
  const minor = bytes[to - 1]! - 0x30;
  const isVersion = from >= 0 && isText(bytes, from, digits, " HTTP/") &&
    bytes[digits + 1] === 0x2e && // .
    major >= 0 && major <= 9 && minor >= 0 && minor <= 9;
  if (!isVersion) {
    throw new RequestError(400, "its first line does not end with a version");
  }
  if (major !== 1) {
    throw new RequestError(505, `version ${major}.${minor} is not spoken here`);
  }
  return minor === 0;
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
