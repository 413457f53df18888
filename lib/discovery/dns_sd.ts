/**
 * Shares and host names on the local network by multicast DNS: the three tasks of
 * DNS-SD, each on sockets of its own. The codec is loaded on demand: programs that
 * do none of this would start a tenth of a second later. [RFC 6762, 6763]
 *
 * @module
 */
import { joinSignals } from "../base/join_signals.ts";
import { FIRST_UNPRIVILEGED_PORT, isDialable } from "../base/peer_address.ts";
import { DNS_PORT, type OutgoingDatagram } from "./multicast_protocol.ts";
import {
  type MulticastOptions,
  openMulticastSocket,
} from "./multicast_socket.ts";
import type { FindSharesOptions } from "./share_browser.ts";
import type { OwnShare } from "./share_records.ts";

const SOCKET: MulticastOptions = {
  groups: { ipv4: "224.0.0.251", ipv6: "ff02::fb" },
  port: DNS_PORT,
  timeToLive: 255,
  maxPerSecond: 100,
  sendsRoutable: false,
};
/** A single host is asked again after this time, in milliseconds. */
const HOST_INTERVAL_MS = 2_000;
/** Longest wait for an answer to a name, in milliseconds. */
const RESOLVE_TIMEOUT_MS = 2_000;
/** Time for the addresses of the other family, in milliseconds. */
const FURTHER_ANSWERS_MS = 150;
/** A name is asked for again after this time, in milliseconds. */
const RESOLVE_INTERVAL_MS = 500;
/** Most addresses of a name. */
const MAX_ADDRESSES = 16;

/** Options for {@linkcode advertiseShares}. */
export interface AdvertiseSharesOptions {
  /** Called when this machine's name on the network is settled: `lanswarm.local`, or `lanswarm-2.local` if another host has that. */
  readonly onHostName?: (name: string) => void;
  /** Advertises only on the interface with this address. @default every interface */
  readonly hostname?: string | undefined;
}

/** Shares of this machine that other hosts find until it is closed. */
export interface ShareAdvertiser extends AsyncDisposable {
  /** Announces a share, or a change of the one with its id. */
  set(share: OwnShare): void;
  /** Takes leave of a share. */
  remove(id: string): void;
  /** Takes leave of everything. */
  close(): Promise<void>;
}

/**
 * Advertises shares to the local network. See {@linkcode multicastRefusal} for what
 * it needs.
 * @throws {TypeError} If this process cannot use multicast.
 * @throws {Deno.errors.AddrInUse} If another program has port 5353 for itself.
 */
export async function advertiseShares(
  { onHostName, hostname }: AdvertiseSharesOptions = {},
): Promise<ShareAdvertiser> {
  const { ShareResponder } = await import("./share_responder.ts");
  const responder = new ShareResponder(Math.random, onHostName);
  const socket = await openMulticastSocket(responder, { ...SOCKET, hostname });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    closing ??= socket.close(responder.goodbye());
  return {
    set: (share) => {
      responder.setShare(share, performance.now());
      socket.flush();
    },
    remove: (id) => {
      responder.removeShare(id);
      socket.flush();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Looks for shares on the local network until `signal` aborts.
 * @throws {TypeError} If this process cannot use multicast.
 * @throws {Deno.errors.AddrInUse} If another program has port 5353 for itself.
 */
export async function findShares(options: FindSharesOptions): Promise<void> {
  const { signal, hostAddress } = options;
  if (signal.aborted) return;
  const { ShareBrowser } = await import("./share_browser.ts");
  const browser = new ShareBrowser(options);
  using socket = await openMulticastSocket(browser, SOCKET);
  // Answers to other ports come at once and directly, while those to all may have to
  // wait a second after the last ones.
  let askAtMs = 0;
  using _ = await openMulticastSocket({
    get nextAtMs() {
      return askAtMs;
    },
    interfacesChanged: () => askAtMs = 0,
    receive: (...parts) => {
      browser.receive(...parts);
      socket.flush();
    },
    takeDue: (now): OutgoingDatagram[] => {
      if (askAtMs > now) return [];
      const datagram = browser.query(now);
      if (hostAddress === undefined) {
        askAtMs = Infinity;
        return [{ datagram }];
      }
      askAtMs = now + HOST_INTERVAL_MS;
      return [{ datagram, to: { hostname: hostAddress, port: DNS_PORT } }];
    },
  }, { ...SOCKET, sendingPort: 0 });
  await aborted(signal);
}

/** Options for {@linkcode resolveLocalName}. */
export interface ResolveLocalNameOptions {
  /** Ends the search. @default never */
  readonly signal?: AbortSignal;
  /** Longest wait for an answer, in milliseconds. @default {2000} */
  readonly timeoutMs?: number;
}

/**
 * The IP addresses of a host of the local network, such as `teacher-pc.local`; none
 * if no host answers to the name in time.
 * @throws {TypeError} If this process cannot use multicast.
 * @throws {Deno.errors.AddrInUse} If another program has port 5353 for itself.
 */
export async function resolveLocalName(
  name: string,
  { signal, timeoutMs = RESOLVE_TIMEOUT_MS }: ResolveLocalNameOptions = {},
): Promise<readonly string[]> {
  const codec = await import("./dns_message.ts");
  const wanted = name.toLowerCase().replace(/\.$/, "");
  let found: readonly string[] = [];
  const done = new AbortController();
  const timeout = AbortSignal.timeout(timeoutMs);
  using joined = joinSignals(signal, timeout, done.signal);
  let nextAtMs = 0;
  let doneAtMs = Infinity;
  using _socket = await openMulticastSocket({
    get nextAtMs() {
      return Math.min(nextAtMs, doneAtMs);
    },
    interfacesChanged: () => {},
    receive: (datagram, { hostname }, now) => {
      const message = codec.decodeDnsMessage(datagram);
      if (!message?.isResponse) return;
      for (const { name, type, data, ttl } of message.answers) {
        const isAddress = type === "A" || type === "AAAA";
        if (!isAddress || name !== wanted || ttl === 0) continue;
        const address = { hostname: data, port: FIRST_UNPRIVILEGED_PORT };
        if (!isDialable(address, hostname)) continue;
        const others = found.filter((other) => other !== data);
        const isNew = others.length === found.length;
        // The sender's own address surely answers.
        if (data === hostname) found = [data, ...others];
        else if (isNew && found.length < MAX_ADDRESSES) {
          found = [...found, data];
        }
        doneAtMs = Math.min(doneAtMs, now + FURTHER_ANSWERS_MS);
      }
    },
    takeDue: (now) => {
      if (now >= doneAtMs) done.abort();
      if (now < nextAtMs) return [];
      nextAtMs = now + RESOLVE_INTERVAL_MS;
      const questions = ["A", "AAAA"].map((type) => ({ name: wanted, type }));
      const query = { isResponse: false, questions };
      return [{ datagram: codec.encodeDnsMessage(query) }];
    },
  }, { ...SOCKET, sendingPort: 0 });
  await aborted(joined.signal);
  return found;
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
