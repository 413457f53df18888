/**
 * One GET request to a web server, with a limit on everything: time, redirects
 * and the answer's length. What was asked for and what the answer means is the
 * caller's, and so is the action that failed: an {@linkcode HttpError} says only
 * why.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";

const MAX_REDIRECT_COUNT = 5;

/** A request came to nothing; the message is the reason alone. */
export class HttpError extends Error {
  /** Stands before the message when the error is printed. */
  override readonly name = "HttpError";
}

/** What came back. */
export interface HttpAnswer {
  readonly status: number;
  /** Whether the status is one of success. */
  readonly isSuccess: boolean;
  /** Without success empty, unless that is wanted. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** How much is waited for and taken. */
export interface HttpGetOptions {
  /** Ends the request; the promise then rejects with its reason. */
  readonly signal: AbortSignal;
  /** Longest answer, in bytes. */
  readonly maxLength: number;
  /** The same without success; of what is longer nothing is kept, in bytes. @default {0} */
  readonly maxRefusalLength?: number;
  /** Hears that a part of the answer came. */
  readonly onBytes?: () => void;
}

/**
 * Asks for `url`, which is `http:` or `https:`, and follows a few redirects to
 * others, but never from `https:` to `http:`.
 * @throws {HttpError} If there is no answer, or too long a one.
 */
export async function httpGet(
  url: string,
  options: HttpGetOptions,
): Promise<HttpAnswer> {
  const { signal } = options;
  try {
    const response = await fetchFollowing(url, signal);
    const { status, ok: isSuccess } = response;
    if (isSuccess) {
      return { status, isSuccess, body: await readCapped(response, options) };
    }
    return { status, isSuccess, body: await readRefusal(response, options) };
  } catch (error) {
    if (signal.aborted || error instanceof HttpError) throw error;
    throw new HttpError(reasonOf(error), { cause: error });
  }
}

async function fetchFollowing(
  url: string,
  signal: AbortSignal,
): Promise<Response> {
  for (let redirects = 0; redirects <= MAX_REDIRECT_COUNT; redirects++) {
    const response = await fetch(url, { signal, redirect: "manual" });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) {
      return response;
    }
    await response.body?.cancel();
    url = redirectTarget(url, location);
  }
  throw new HttpError(`more than ${MAX_REDIRECT_COUNT} redirects`);
}

/**
 * Where a redirect leads.
 * @throws {HttpError} If it is not followed there.
 */
export function redirectTarget(from: string, location: string): string {
  const target = URL.parse(location, from);
  switch (target?.protocol) {
    case "https:":
      return target.href;
    case "http:":
      if (!from.startsWith("https:")) return target.href;
      throw new HttpError("the answer is a redirect from https: to http:");
    case undefined:
      throw new HttpError("the answer is a redirect to what is no URL");
    default:
      throw new HttpError(`the answer is a redirect to ${target!.protocol}`);
  }
}

/** What comes without success, if it is wanted and short. */
async function readRefusal(
  response: Response,
  { maxRefusalLength = 0 }: HttpGetOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (maxRefusalLength > 0) {
    try {
      return await readCapped(response, { maxLength: maxRefusalLength });
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      // Too long to be one.
    }
  } else await response.body?.cancel();
  return new Uint8Array();
}

/** Reads the body in one piece, but never more than the limit. */
async function readCapped(
  response: Response,
  { maxLength, onBytes }: Pick<HttpGetOptions, "maxLength" | "onBytes">,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    onBytes?.();
    length += chunk.length;
    if (length > maxLength) {
      throw new HttpError(`the answer exceeds the limit of ${maxLength} bytes`);
    }
    chunks.push(chunk);
  }
  return concat(chunks);
}

/** The innermost reason that the runtime gives: "Connection refused (os error 111)". */
function reasonOf(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) {
    innermost = innermost.cause;
  }
  const message = innermost instanceof Error
    ? innermost.message
    : String(innermost);
  return message.slice(message.lastIndexOf(": ") + 1).trim();
}
