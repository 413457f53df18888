/**
 * Responses whose body is a file, or one range of it, so that a browser can resume
 * a download. [RFC 9110, 14] The body is read while it is sent, one chunk at a time.
 *
 * @module
 */
import type { HttpResponse } from "../http/response.ts";
import type { TrackerRequest } from "../tracker/http_handler.ts";

/** Bytes that are read at once: those that a download holds in memory. */
const CHUNK_LENGTH = 256 * 1024;

export interface ServedFile {
  readonly length: number;
  /** Changes with the content: any text without quotes. */
  readonly version: string;
  /** Headers beside those of ranges. */
  readonly headers: HttpResponse["headers"];
  /** Opens the file for one download: all of it is of one version. */
  readonly open: () => Promise<OpenFile>;
}

/** A file that a download reads. */
export interface OpenFile extends Disposable {
  /** Reads from an offset, as far as `into` is long. */
  read(offset: number, into: Uint8Array): Promise<void>;
}

/** A part of a file, in bytes; `end` is the offset behind its last byte. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** Responds with the file, the range that was asked for, or 416. */
export function fileResponse(
  request: Pick<TrackerRequest, "header">,
  file: ServedFile,
): HttpResponse {
  const etag = `"${file.version}"`;
  const common = {
    ...file.headers,
    "accept-ranges": "bytes",
    "etag": etag,
    // Names and contents come from a stranger: nothing in them runs in a browser.
    "content-security-policy": "sandbox; default-src 'none'",
  };
  const condition = request.header("if-range");
  const range = condition === undefined || condition === etag
    ? parseRange(request.header("range"), file.length)
    : undefined;
  const part = (place: string): HttpResponse["headers"] => (
    { ...common, "content-range": `bytes ${place}/${file.length}` }
  );
  if (range === "unsatisfiable") {
    return { status: 416, headers: part("*"), body: "" };
  }
  const { start, end } = range ?? { start: 0, end: file.length };
  return {
    status: range === undefined ? 200 : 206,
    headers: range === undefined ? common : part(`${start}-${end - 1}`),
    body: chunksOf(file, { start, end }),
    length: end - start,
  };
}

/**
 * Parses a `Range` header. [RFC 9110, 14.1.2]
 * @returns `undefined` for the whole file: without a header, for several ranges,
 * and for units and spellings that are unknown.
 */
export function parseRange(
  header: string | undefined,
  length: number,
): Range | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/i
    .exec(header?.trim() ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  // Without a first byte, the other number counts from the end.
  const isSuffix = first === "";
  const start = isSuffix ? Math.max(0, length - Number(last)) : Number(first);
  const end = isSuffix || last === "" ? Infinity : Number(last) + 1;
  if (end <= start) return undefined;
  if (start >= length) return "unsatisfiable";
  return { start, end: Math.min(end, length) };
}

/** The bytes of a range; each chunk is the consumer's until it asks for the next. */
async function* chunksOf(
  { open }: ServedFile,
  { start, end }: Range,
): AsyncGenerator<Uint8Array> {
  using file = await open();
  const buffer = new Uint8Array(Math.min(CHUNK_LENGTH, end - start));
  for (let offset = start; offset < end; offset += buffer.length) {
    const chunk = buffer.subarray(0, end - offset);
    await file.read(offset, chunk);
    yield chunk;
  }
}
