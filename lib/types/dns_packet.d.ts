// Types of npm:dns-packet@5.6.1, which has none: only the parts that lib/discovery uses.
declare module "dns-packet" {
  /** A question; `class` is not `IN` if the QU bit is set. */
  export interface Question {
    readonly type: string;
    readonly name: string;
  }

  /** A record; the type of `data` follows from `type`. */
  export interface Answer {
    readonly type: string;
    readonly name: string;
    readonly ttl: number;
    readonly flush: boolean;
    readonly data: unknown;
  }

  export interface Packet {
    readonly id: number;
    readonly type: "query" | "response";
    readonly flags: number;
    readonly questions: readonly Question[];
    readonly answers: readonly Answer[];
    readonly authorities: readonly Answer[];
    readonly additionals: readonly Answer[];
  }

  const dnsPacket: {
    encode(packet: Partial<Packet>): Uint8Array<ArrayBuffer>;
    /** Takes a Buffer. */
    decode(datagram: Uint8Array): Packet;
  };
  export default dnsPacket;
}
