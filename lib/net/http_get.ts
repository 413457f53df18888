/**
 * An HTTP GET request with limits for redirects and for the length of the answer.
 * The message of an {@linkcode HttpError} is the reason; the caller adds the action.
 *
 * A redirect is a stranger's word, as the address of a peer is, and the same rules
 * hold: it must not have us send requests to services of our own machine, to hosts
 * that the user denies, or to the system's services of other hosts.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import type { Permits } from "../base/address_filter.ts";
import { isLoopback, withoutBrackets } from "../base/ip_address.ts";
import {
  FIRST_UNPRIVILEGED_PORT,
  isDialable,
  isPrivileged,
} from "../base/peer_address.ts";
import { resolveHost } from "./node_modules.ts";

const MAX_REDIRECTS = 5;
/** Longest host of a redirect, with its port: a name has at most 253 characters. */
const MAX_HOST_LENGTH = 260;
/** Longest part of an unknown scheme in a message. */
const MAX_SCHEME_LENGTH = 20;

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

export interface HttpAnswer {
  readonly status: number;
  readonly isSuccess: boolean;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Rules for redirects to other hosts. */
export interface RedirectRules {
  /** Tells which hosts may be asked, by IP address. @default all */
  readonly permits?: Permits;
  /**
   * True if a redirect may lead to port 80 or 443 of another host: for requests of
   * a user, which are few, and not for announces, which go on. @default {false}
   */
  readonly mayUseWebPorts?: boolean;
}

export interface HttpGetOptions {
  /** Ends the request; the promise then rejects with its reason. */
  readonly signal: AbortSignal;
  /** Longest body, in bytes. */
  readonly maxLength: number;
  /** Longest body without success, in bytes; of a longer one nothing is kept. @default {0} */
  readonly maxRefusalLength?: number;
  /** Called for each part of the body. */
  readonly onBytes?: () => void;
  /** The redirects that are followed. @default few, and to no other host's web ports */
  readonly redirects?: RedirectRules | "none";
  /** Sends POST with these headers in the place of GET. @default none */
  readonly postHeaders?: Readonly<Record<string, string>>;
}

/**
 * Requests `url`, which is `http:` or `https:`, and follows redirects that keep to
 * the rules.
 * @throws {HttpError} If there is no answer, or too long a one.
 */
export async function httpGet(
  url: string,
  options: HttpGetOptions,
): Promise<HttpAnswer> {
  const { signal, maxLength, maxRefusalLength = 0 } = options;
  try {
    const response = await fetchFollowing(url, options);
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
  { signal, redirects: rules, postHeaders: headers }: HttpGetOptions,
): Promise<Response> {
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await fetch(url, {
      ...{ signal, redirect: "manual" },
      ...headers && { method: "POST", headers },
    });
    const location = response.headers.get("location");
    const isRedirect = response.status >= 300 && response.status <= 399;
    if (!isRedirect || location === null || rules === "none") return response;
    await response.body?.cancel();
    const target = redirectTarget(url, location, rules);
    await abortable(checkRedirect(url, target, rules), signal);
    url = target;
  }
  throw new HttpError(`more than ${MAX_REDIRECTS} redirects`);
}

/**
 * The URL to which a redirect leads.
 * @throws {HttpError} If it is not followed, whatever the addresses of its host.
 */
export function redirectTarget(
  from: string,
  location: string,
  { mayUseWebPorts = false }: RedirectRules = {},
): string {
  const source = new URL(from);
  const target = URL.parse(location, from);
  if (target === null || target.host.length > MAX_HOST_LENGTH) {
    throw redirectError("to an invalid URL");
  }
  const { protocol, hostname, host } = target;
  if (protocol !== "http:" && protocol !== "https:") {
    throw redirectError(`to ${protocol.slice(0, MAX_SCHEME_LENGTH)}`);
  }
  if (source.protocol === "https:" && protocol === "http:") {
    throw redirectError("from https: to http:");
  }
  // A URL leaves out the port that its scheme implies.
  const isWebPort = target.port === "";
  const isKnownHost = hostname === source.hostname;
  const isPortNamed = isWebPort
    ? isKnownHost || mayUseWebPorts
    : isKnownHost && target.port === source.port ||
      !isPrivileged(Number(target.port));
  if (isPortNamed) return target.href;
  const port = target.port || (protocol === "https:" ? "443" : "80");
  throw redirectError(`to ${host}, whose port ${port} is below 1024`);
}

/**
 * Checks the addresses of the host to which a redirect leads. A name that resolves
 * otherwise a moment later is not noticed; neither is it in the first URL.
 * @throws {HttpError} If one of them is not to be asked.
 */
export async function checkRedirect(
  from: string,
  target: string,
  { permits = () => true }: RedirectRules = {},
): Promise<void> {
  const [source, host] = [from, target].map((url) =>
    withoutBrackets(new URL(url).hostname)
  ) as [string, string];
  // The user, or the torrent, named this host.
  if (host === source) return;
  const sources = await resolveHost(source);
  // A host with other addresses than those of this machine is another machine.
  const sourceAddress = sources.find((address) => !isLoopback(address)) ??
    "127.0.0.1";
  for (const hostname of await resolveHost(host)) {
    // The port has been checked.
    const address = { hostname, port: FIRST_UNPRIVILEGED_PORT };
    if (!permits(hostname)) {
      throw redirectError(`to ${host}, and ${hostname} is not allowed`);
    }
    if (!isDialable(address, sourceAddress)) {
      throw redirectError(
        `to ${host}, and ${hostname} is not an address on the network; ` +
          `the server at ${source} must redirect to one`,
      );
    }
  }
}

/** @param leads Such as `to file:`. */
function redirectError(leads: string): HttpError {
  return new HttpError(`the answer is a redirect ${leads}`);
}

/** The whole body; `undefined` if it is longer than `maxLength`. */
async function readBody(
  response: Response,
  maxLength: number,
  onBytes?: () => void,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  // A body whose length is known takes 0.02 ms in one go, and 0.6 ms in chunks: a
  // peer that leaves a thousand swarms has 1 s for the answers.
  const { headers } = response;
  const length = headers.has("content-encoding")
    ? undefined
    : headers.get("content-length");
  if (length && Number(length) <= maxLength && onBytes === undefined) {
    return new Uint8Array(await response.arrayBuffer());
  }
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
