/**
 * Hosts that advertise and find shares, in virtual time.
 *
 * @module
 */
import { seededRandom } from "../../../lib/base/random.ts";
import {
  decodeDnsMessage,
  type DnsMessage,
} from "../../../lib/discovery/dns_message.ts";
import { ShareBrowser } from "../../../lib/discovery/share_browser.ts";
import { DNS_PORT } from "../../../lib/discovery/multicast_protocol.ts";
import type { OwnShare } from "../../../lib/discovery/share_records.ts";
import { ShareResponder } from "../../../lib/discovery/share_responder.ts";
import { VirtualNetwork } from "./machines.ts";

export const SHARE: OwnShare = {
  id: "0123456789abcdef0123456789abcdef01234567",
  name: "images v1.0",
  sizeBytes: 62_700_000_000,
  path: "/torrents/images.torrent",
  port: 8000,
  hostName: "teacher-pc",
};

/** A network on which shares are advertised and found. */
export class DnsNetwork extends VirtualNetwork {
  /** Shares that browsers found and lost: `+name at addresses` and `-id`. */
  readonly found: { readonly atMs: number; readonly text: string }[] = [];
  #seed = 1;

  constructor() {
    super(DNS_PORT);
  }

  /** Adds a host that advertises shares. */
  advertise(address: string, ...shares: OwnShare[]): ShareResponder {
    const random = seededRandom(this.#seed++);
    const responder = new ShareResponder(random);
    this.add(address, responder);
    for (const share of shares) responder.setShare(share, this.now);
    return responder;
  }

  /** Adds a host that looks for shares. */
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
