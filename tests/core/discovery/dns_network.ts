/**
 * Hosts of one local network in virtual time: what one state machine sends, all
 * others receive, itself included, as multicast does. Some advertise and find shares.
 */
import { seededRandom } from "../../../lib/base/random.ts";
import {
  decodeDnsMessage,
  type DnsMessage,
} from "../../../lib/discovery/dns_message.ts";
import {
  DNS_PORT,
  type MulticastProtocol,
  type OutgoingDatagram,
} from "../../../lib/discovery/multicast_protocol.ts";
import { ShareBrowser } from "../../../lib/discovery/share_browser.ts";
import type { OwnShare } from "../../../lib/discovery/share_records.ts";
import { ShareResponder } from "../../../lib/discovery/share_responder.ts";

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

  add(address: string, machine: MulticastProtocol): void {
    this.#machines.set(address, machine);
    const list = [{ name: "eth0", addresses: [address] }];
    machine.interfacesChanged(list, this.now);
  }

  remove(address: string): void {
    this.#machines.delete(address);
  }

  multicast(hostname: string, datagram: Uint8Array, port = this.port): void {
    const from = { hostname, port, interfaceName: "eth0" };
    for (const machine of this.#machines.values()) {
      machine.receive(datagram, from, this.now);
    }
  }

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

export const SHARE: OwnShare = {
  id: "0123456789abcdef0123456789abcdef01234567",
  name: "images v1.0",
  sizeBytes: 62_700_000_000,
  path: "/torrents/images.torrent",
  port: 8000,
  hostName: "teacher-pc",
};

export class DnsNetwork extends VirtualNetwork {
  /** Shares that browsers found and lost: `+name at addresses` and `-id`. */
  readonly found: { readonly atMs: number; readonly text: string }[] = [];
  #seed = 1;

  constructor() {
    super(DNS_PORT);
  }

  advertise(address: string, ...shares: OwnShare[]): ShareResponder {
    const random = seededRandom(this.#seed++);
    const responder = new ShareResponder(random);
    this.add(address, responder);
    for (const share of shares) responder.setShare(share, this.now);
    return responder;
  }

  browse(address: string): ShareBrowser {
    const note = (text: string): void => {
      this.found.push({ atMs: this.now, text });
    };
    const browser = new ShareBrowser({
      onShare: ({ name, addresses, port }) =>
        note(`+${name} at ${addresses} ${port}`),
      onGone: (id) => note(`-${id.slice(0, 4)}`),
    });
    this.add(address, browser);
    return browser;
  }

  /** The messages that a host sent, with their times. */
  messagesOf(address: string): (DnsMessage & { readonly atMs: number })[] {
    return this.sent.filter(({ from }) => from === address).map((
      { atMs, outgoing },
    ) => ({ atMs, ...decodeDnsMessage(outgoing.datagram)! }));
  }
}
