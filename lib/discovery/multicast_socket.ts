/**
 * Runs a multicast protocol on every interface of this machine: one socket for each
 * family receives, and one bound to each interface's address sends, so that a
 * datagram leaves there. Owns all sockets and the timer of the protocol, watches
 * the interfaces, and drops datagrams from other networks and floods. The protocol
 * has neither sockets nor a clock.
 *
 * Deno joins multicast groups only with `--unstable-net`.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { createAddressFilter } from "../base/address_filter.ts";
import { BoundedMap } from "../base/bounded_map.ts";
import { isLinkLocalIpv6 } from "../base/ip_address.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import { RateLimiter } from "../base/rate_limiter.ts";
import { isConnectionLoss } from "../net/connection_loss.ts";
import {
  familyOf,
  groupByInterface,
  interfaceIndex,
  listInterfaces,
  sendingAddresses,
} from "./multicast_interfaces.ts";
import type {
  Family,
  MulticastProtocol,
  OutgoingDatagram,
} from "./multicast_protocol.ts";

/** Time between two readings of the list of interfaces, in milliseconds. */
const WATCH_INTERVAL_MS = 3_000;
/** Longest datagram that is read whole, in bytes. */
const MAX_LENGTH = 9_000;
/** Pause after an error of a socket, in milliseconds. */
const ERROR_PAUSE_MS = 100;
/** Hosts whose rates are remembered. */
const MAX_HOSTS = 1024;
/** A longer datagram counts as several, in bytes: what it costs grows with its records. */
const LENGTH_OF_ONE = 1_400;
/** Datagrams from all hosts together, as a multiple of those from one. */
const ALL_HOSTS = 20;

export interface MulticastOptions {
  readonly groups: Readonly<Record<Family, string>>;
  readonly port: number;
  /** The port that datagrams are sent from; 0 for any free one. @default port */
  readonly sendingPort?: number;
  readonly timeToLive: number;
  /**
   * True to send over IPv6 from an address that others can connect to. A link-local
   * one fixes the interface on which datagrams leave, which no other does: on a
   * machine with several, the system chooses one for them all.
   */
  readonly sendsRoutable: boolean;
  /** Datagrams from one host that are processed; further ones are dropped. */
  readonly maxPerSecond: number;
  /** Uses only the interface that has this address. @default every interface */
  readonly hostname?: string | undefined;
}

/** The reason why this process cannot use multicast; undefined if it can. */
export function multicastRefusal(): string | undefined {
  if (typeof Deno.listenDatagram !== "function") {
    return "Deno was started without --unstable-net";
  }
  const needed = {
    "--allow-sys=networkInterfaces": { name: "sys", kind: "networkInterfaces" },
    "--allow-net": { name: "net" },
  } as const;
  const missing = Object.entries(needed).find(([_, descriptor]) =>
    Deno.permissions.querySync(descriptor).state !== "granted"
  );
  return missing && `the permission ${missing[0]} is missing`;
}

/**
 * Starts a protocol.
 * @throws {TypeError} If this process cannot use multicast.
 * @throws {Deno.errors.AddrInUse} If another program has the port for itself.
 */
export async function openMulticastSocket(
  protocol: MulticastProtocol,
  options: MulticastOptions,
): Promise<MulticastSocket> {
  const refusal = multicastRefusal();
  if (refusal !== undefined) {
    throw new TypeError(`Cannot use multicast: ${refusal}`);
  }
  const socket = new MulticastSocket(protocol, options);
  try {
    await socket.start();
    return socket;
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
}

interface BoundAddress {
  readonly interfaceName: string;
  readonly family: Family;
  readonly socket: Deno.DatagramConn;
}

/** A protocol at work. */
class MulticastSocket implements Disposable {
  readonly #protocol: MulticastProtocol;
  readonly #options: MulticastOptions;
  readonly #receivers = new Map<Family, Deno.DatagramConn>();
  readonly #bound = new Map<string, BoundAddress>();
  readonly #rates = new BoundedMap<string, RateLimiter>(MAX_HOSTS);
  readonly #totalRate: RateLimiter;
  #networks: readonly {
    readonly name: string;
    readonly holds: (hostname: string) => boolean;
  }[] = [];
  #known = "";
  #watch: ReturnType<typeof setInterval> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(protocol: MulticastProtocol, options: MulticastOptions) {
    this.#protocol = protocol;
    this.#options = options;
    const perSecond = options.maxPerSecond * ALL_HOSTS;
    this.#totalRate = new RateLimiter({ perSecond, burst: perSecond });
  }

  async start(): Promise<void> {
    const { port } = this.#options;
    this.#receivers.set("ipv4", this.#listen("0.0.0.0", port));
    try {
      this.#receivers.set("ipv6", this.#listen("::", port));
    } catch {
      // Harmless: this host has no IPv6.
    }
    await this.#readInterfaces();
    this.#watch = setInterval(() => this.#readInterfaces(), WATCH_INTERVAL_MS);
  }

  /** Sends what became due because the protocol's state was changed. */
  flush(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    const now = performance.now();
    for (const outgoing of this.#protocol.takeDue(now)) this.#send(outgoing);
    const { nextAtMs } = this.#protocol;
    if (nextAtMs === Infinity) return;
    // At least 1 ms: a timer may fire a moment too early.
    const waitMs = Math.max(1, nextAtMs - performance.now());
    this.#timer = setTimeout(() => this.flush(), waitMs);
  }

  /** Sends the last datagrams and closes the sockets. */
  async close(last: readonly OutgoingDatagram[] = []): Promise<void> {
    await Promise.all(last.flatMap((outgoing) => this.#send(outgoing)));
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    clearInterval(this.#watch);
    clearTimeout(this.#timer);
    for (const socket of this.#receivers.values()) socket.close();
    for (const { socket } of this.#bound.values()) socket.close();
    this.#receivers.clear();
    this.#bound.clear();
  }

  #listen(hostname: string, port: number): Deno.DatagramConn {
    const address = { hostname, port, reuseAddress: true };
    const socket = Deno.listenDatagram({ transport: "udp", ...address });
    void this.#receiveFrom(socket);
    return socket;
  }

  async #receiveFrom(socket: Deno.DatagramConn): Promise<void> {
    // Deno's own buffer truncates datagrams at 1 KiB.
    const buffer = new Uint8Array(MAX_LENGTH + 1);
    while (!this.#isClosed) {
      const received = await socket.receive(buffer).catch(networkError);
      if (!(received instanceof Error)) {
        this.#receive(received[0], received[1] as Deno.NetAddr);
      } else if (
        received instanceof Deno.errors.BadResource ||
        received instanceof Deno.errors.Interrupted
      ) return;
      // Windows reports a datagram to a closed port as an error.
      else await delay(ERROR_PAUSE_MS);
    }
  }

  #receive(datagram: Uint8Array, { hostname, port }: Deno.NetAddr): void {
    const now = performance.now();
    const network = this.#networks.find(({ holds }) => holds(hostname));
    if (network === undefined && !isLinkLocalIpv6(hostname)) return;
    const { maxPerSecond: perSecond } = this.#options;
    const rate = this.#rates.getOrInsertComputed(
      hostname,
      () => new RateLimiter({ perSecond, burst: perSecond }),
    );
    const cost = Math.max(1, datagram.length / LENGTH_OF_ONE);
    const mayPass = rate.tryTake(cost, now) &&
      this.#totalRate.tryTake(cost, now);
    if (!mayPass) return;
    const sender = { hostname, port, interfaceName: network?.name };
    this.#protocol.receive(datagram, sender, now);
    this.flush();
  }

  #send(outgoing: OutgoingDatagram): Promise<void>[] {
    const { groups, port } = this.#options;
    const { datagram } = outgoing;
    if ("to" in outgoing) {
      const { to } = outgoing;
      const family = familyOf(to.hostname);
      const network = this.#networks.find(({ holds }) => holds(to.hostname));
      const from = this.#bound.values().find((bound) =>
        bound.family === family && bound.interfaceName === network?.name
      );
      const socket = from?.socket ?? this.#receivers.get(family);
      return socket === undefined ? [] : [send(socket, datagram, to)];
    }
    return this.#bound.values().toArray().flatMap(
      ({ family, interfaceName, socket }) => {
        const isWanted = (outgoing.family ?? family) === family &&
          (outgoing.interfaceName ?? interfaceName) === interfaceName;
        const to = { hostname: groups[family], port };
        return isWanted ? [send(socket, datagram, to)] : [];
      },
    );
  }

  /** Binds a socket to each new address and closes those of addresses that are gone. */
  async #readInterfaces(): Promise<void> {
    // A program may give the permission up; what is bound works on.
    if (multicastRefusal() !== undefined) return;
    const { hostname, sendsRoutable } = this.#options;
    const list = listInterfaces(Deno.networkInterfaces(), hostname);
    const known = JSON.stringify(list);
    if (known === this.#known || this.#isClosed) return;
    this.#known = known;
    const addresses = sendingAddresses(list, sendsRoutable);
    for (const [hostname, { socket }] of this.#bound) {
      if (addresses.has(hostname)) continue;
      socket.close();
      this.#bound.delete(hostname);
    }
    for (const [hostname, entry] of addresses) {
      if (this.#bound.has(hostname)) continue;
      await this.#bind(hostname, entry.name, interfaceIndex(entry.name, list));
    }
    if (this.#isClosed) return;
    this.#networks = list.map(({ name, cidr }) => ({
      name,
      holds: createAddressFilter({ allow: [cidr] }),
    }));
    this.#protocol.interfacesChanged(groupByInterface(list), performance.now());
    this.flush();
  }

  async #bind(
    hostname: string,
    interfaceName: string,
    index: number,
  ): Promise<void> {
    const { groups, port, sendingPort = port, timeToLive } = this.#options;
    const family = familyOf(hostname);
    try {
      const receiver = this.#receivers.get(family);
      if (receiver === undefined) return;
      await (family === "ipv4"
        ? receiver.joinMulticastV4(groups.ipv4, hostname)
        : receiver.joinMulticastV6(groups.ipv6, index))
        // A second address of an interface finds the group joined.
        .catch(() => {});
      const socket = this.#listen(hostname, sendingPort);
      if (family === "ipv4") {
        // Joined for its options: a socket bound to an address receives none of it.
        const membership = await socket.joinMulticastV4(groups.ipv4, hostname);
        await membership.setTTL(timeToLive);
        await membership.setLoopback(true);
      }
      if (this.#isClosed) return socket.close();
      this.#bound.set(hostname, { interfaceName, family, socket });
    } catch {
      // Harmless: the address went as it came, or another program has the port on
      // it; the other interfaces work on.
    }
  }
}

/** The error, if it is one of the network. @throws {unknown} Any other. */
function networkError(error: unknown): Error {
  if (isConnectionLoss(error)) return error as Error;
  throw error;
}

async function send(
  socket: Deno.DatagramConn,
  datagram: Uint8Array,
  to: PeerAddress,
): Promise<void> {
  try {
    await socket.send(datagram, { transport: "udp", ...to });
  } catch {
    // Harmless: the interface has gone down, and protocols repeat what they send.
  }
}
