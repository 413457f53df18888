/**
 * An HTTP GET request with limits for redirects and for the length of the answer.
 * The message of an {@linkcode HttpError} is the reason; the caller adds the action.
 *
 * @module
 */

const MAX_REDIRECTS = 5;

/** A request failed; the message is the reason. */
export class HttpError extends Error {
  /** Stands before the message when the error is printed. */
  override readonly name = "HttpError";

  /** True if the network failed: the host may answer later. */
  get isTemporary(): boolean {
    return this.cause !== undefined &&
      !(this.cause instanceof Deno.errors.NotCapable);
  }
}

/** A complete answer. */
export interface HttpAnswer {
  readonly status: number;
  /** True for a status from 200 to 299. */
  readonly isSuccess: boolean;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Options for {@linkcode httpGet}. */
export interface HttpGetOptions {
  /** Ends the request; the promise then rejects with its reason. */
  readonly signal: AbortSignal;
  /** Longest body, in bytes. */
  readonly maxLength: number;
  /** Longest body without success, in bytes; of a longer one nothing is kept. @default {0} */
  readonly maxRefusalLength?: number;
  /** Called for each part of the body. */
  readonly onBytes?: () => void;
}

/**
 * Requests `url`, which is `http:` or `https:`, and follows redirects, but never
 * from `https:` to `http:`.
 * @throws {HttpError} If there is no answer, or too long a one.
 */
export async function httpGet(
  url: string,
  options: HttpGetOptions,
): Promise<HttpAnswer> {
  const { signal, maxLength, maxRefusalLength = 0 } = options;
  try {
    const response = await fetchFollowing(url, signal);
    const { status, ok: isSuccess } = response;
    const limit = isSuccess ? maxLength : maxRefusalLength;
    const body = limit > 0
      ? await readBody(response, limit, options.onBytes)
      : void await response.body?.cancel();
    if (body !== undefined) return { status, isSuccess, body };
    if (!isSuccess) return { status, isSuccess, body: new Uint8Array() };
    throw new HttpError(`the answer exceeds the limit of ${maxLength} bytes`);
  } catch (error) {
    if (signal.aborted || error instanceof HttpError) throw error;
    throw new HttpError(reasonOf(error), { cause: error });
  }
}

async function fetchFollowing(
  url: string,
  signal: AbortSignal,
): Promise<Response> {
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await fetch(url, { signal, redirect: "manual" });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) {
      return response;
    }
    await response.body?.cancel();
    url = redirectTarget(url, location);
  }
  throw new HttpError(`more than ${MAX_REDIRECTS} redirects`);
}

/**
 * The URL to which a redirect leads.
 * @throws {HttpError} If it is not followed.
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
      throw new HttpError("the answer is a redirect to an invalid URL");
    default:
      throw new HttpError(`the answer is a redirect to ${target!.protocol}`);
  }
}

/** The whole body; `undefined` if it is longer than `maxLength`. */
async function readBody(
  response: Response,
  maxLength: number,
  onBytes?: () => void,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  // The runtime unpacks gzip to chunks of 4 KiB, each in a buffer of 64 KiB. Kept
  // until the end, they took 16 times the memory of the body.
  const body = new ArrayBuffer(0, { maxByteLength: maxLength });
  // Leaving the loop cancels the body.
  for await (const chunk of response.body ?? []) {
    onBytes?.();
    const offset = body.byteLength;
    if (offset + chunk.length > maxLength) return undefined;
    body.resize(offset + chunk.length);
    new Uint8Array(body, offset).set(chunk);
  }
  return new Uint8Array(body.transferToFixedLength());
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
