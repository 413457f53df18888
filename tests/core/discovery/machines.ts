/**
 * Hosts of one local network in virtual time: what one state machine sends, all
 * others receive, itself included, as multicast does.
 *
 * @module
 */
import type {
  MulticastProtocol,
  OutgoingDatagram,
} from "../../../lib/discovery/multicast_protocol.ts";

/** A datagram that was sent. */
export interface Sent {
  readonly atMs: number;
  readonly from: string;
  readonly outgoing: OutgoingDatagram;
}

/** The networks 10.77.0.0/24 and fd77::/64. */
export class VirtualNetwork {
  now = 0;
  readonly sent: Sent[] = [];
  readonly #machines = new Map<string, MulticastProtocol>();

  constructor(readonly port: number) {}

  /** Connects a machine with an address. */
  add(address: string, machine: MulticastProtocol): void {
    this.#machines.set(address, machine);
    const list = [{ name: "eth0", addresses: [address] }];
    machine.interfacesChanged(list, this.now);
  }

  remove(address: string): void {
    this.#machines.delete(address);
  }

  /** Delivers a datagram to all machines. */
  multicast(hostname: string, datagram: Uint8Array, port = this.port): void {
    const from = { hostname, port, interfaceName: "eth0" };
    for (const machine of this.#machines.values()) {
      machine.receive(datagram, from, this.now);
    }
  }

  /** Lets time pass. */
  run(untilMs: number): void {
    while (true) {
      const nextAtMs = Math.min(
        ...this.#machines.values().map(({ nextAtMs }) => nextAtMs),
      );
      if (nextAtMs > untilMs) break;
      this.now = Math.max(this.now, nextAtMs);
      this.deliver();
    }
    this.now = untilMs;
  }

  /** Delivers what is due now. */
  deliver(): void {
    for (const [from, machine] of this.#machines) {
      for (const outgoing of machine.takeDue(this.now)) {
        this.sent.push({ atMs: this.now, from, outgoing });
        if ("to" in outgoing) continue;
        const hostname = outgoing.family === "ipv6"
          ? from.replace("10.77.0.", "fd77::")
          : from;
        this.multicast(hostname, outgoing.datagram);
      }
    }
  }
}
