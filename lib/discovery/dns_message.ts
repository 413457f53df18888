/**
 * Messages of multicast DNS, decoded and encoded by `npm:dns-packet`: the record
 * types of DNS-SD, bounded before they are decoded and checked after. Other types
 * are left out. [RFC 1035, 6762]
 *
 * @module
 */
import { Buffer } from "node:buffer";
import dnsPacket, { type Answer } from "dns-packet";
import { isUnicast } from "../base/ip_address.ts";

/** Longest message. [RFC 6762, section 17] */
const MAX_DNS_LENGTH = 9000;
/** Entries of all sections. A short message may claim 262,140 of them. */
const MAX_ENTRIES = 256;
const HEADER_LENGTH = 12;
/** Longest TXT record, in bytes, and its entries. */
const MAX_TEXT_LENGTH = 1300;
const MAX_TEXT_ENTRIES = 32;
/** Longest part of a name between two dots, in bytes. */
export const MAX_LABEL_LENGTH = 63;

/** `AA` of a response. */
const AUTHORITATIVE = 1 << 10;

/** A record, without its class, which is `IN`. */
export type DnsRecord =
  & {
    readonly name: string;
    /** Seconds for which it may be kept; 0: it is gone. */
    readonly ttl: number;
    /** True if it replaces other records of the name and type. @default {false} */
    readonly flush?: boolean;
  }
  & (
    | { readonly type: "PTR"; readonly data: string }
    | {
      readonly type: "SRV";
      readonly data: { readonly target: string; readonly port: number };
    }
    /** `key=value` each. */
    | { readonly type: "TXT"; readonly data: readonly string[] }
    | { readonly type: "A" | "AAAA"; readonly data: string }
    /** The types of all records of the name; written, and ignored when read. */
    | {
      readonly type: "NSEC";
      readonly data: {
        readonly nextDomain: string;
        readonly rrtypes: readonly string[];
      };
    }
  );

export interface DnsMessage {
  /** Echoed in answers to senders that do not use port 5353. @default {0} */
  readonly id?: number;
  readonly isResponse: boolean;
  /** `type` may be `ANY`. */
  readonly questions: readonly {
    readonly name: string;
    readonly type: string;
  }[];
  /** Answers and additional records: what the sender holds for true. */
  readonly answers: readonly DnsRecord[];
  /** Records that the sender of a probe wants to own. */
  readonly proposed: readonly DnsRecord[];
}

/**
 * Decodes a message; `undefined` if it is malformed or exceeds a limit. Names are in
 * lower case, as they compare in DNS.
 */
export function decodeDnsMessage(datagram: Uint8Array): DnsMessage | undefined {
  const { byteLength: length } = datagram;
  if (length < HEADER_LENGTH || length > MAX_DNS_LENGTH) return undefined;
  const view = new DataView(datagram.buffer, datagram.byteOffset, length);
  const counts = [4, 6, 8, 10].map((offset) => view.getUint16(offset));
  const count = counts.reduce((sum, count) => sum + count);
  if (count > MAX_ENTRIES) return undefined;
  try {
    const packet = dnsPacket.decode(
      Buffer.from(datagram.buffer, datagram.byteOffset, length),
    );
    return {
      id: packet.id,
      isResponse: packet.type === "response",
      questions: packet.questions.map(({ name, type }) => ({
        name: lowerCaseName(name),
        type,
      })).filter(({ name }) => isEncodable(name)),
      answers: readRecords([...packet.answers, ...packet.additionals]),
      proposed: readRecords(packet.authorities),
    };
  } catch {
    // Any host can send what is no message.
    return undefined;
  }
}

/** Encodes a message; sections that are left out are empty. */
export function encodeDnsMessage(
  { id = 0, isResponse, questions = [], answers = [], proposed = [] }:
    & Partial<DnsMessage>
    & Pick<DnsMessage, "isResponse">,
): Uint8Array<ArrayBuffer> {
  return dnsPacket.encode({
    id,
    type: isResponse ? "response" : "query",
    flags: isResponse ? AUTHORITATIVE : 0,
    questions,
    answers: answers.map(writeRecord),
    authorities: proposed.map(writeRecord),
  });
}

/** A name as it compares in DNS, which ignores the case of ASCII only. */
export function lowerCaseName(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * True for a name that can be sent again. Labels are bytes: one that contains a dot
 * or is not UTF-8 decodes to a name that would encode to another one, or to none.
 */
function isEncodable(name: string): boolean {
  return !name.includes("\ufffd") && name.split(".").every((label) => {
    const length = Buffer.byteLength(label);
    return length > 0 && length <= MAX_LABEL_LENGTH;
  });
}

/** True for records of the same name, type and data; texts have a case, names have none. */
export function isSameRecord(one: DnsRecord, other: DnsRecord): boolean {
  const dataOf = ({ type, data }: DnsRecord): string => {
    const text = JSON.stringify(data);
    return type === "TXT" ? text : lowerCaseName(text);
  };
  return lowerCaseName(one.name) === lowerCaseName(other.name) &&
    one.type === other.type && dataOf(one) === dataOf(other);
}

function readRecords(answers: readonly Answer[]): DnsRecord[] {
  return answers.flatMap((answer) => readRecord(answer) ?? []);
}

/** The record; `undefined` if it is of another type or makes no sense. */
function readRecord(answer: Answer): DnsRecord | undefined {
  const { type, ttl, flush, data } = answer;
  const common = { name: lowerCaseName(answer.name), ttl, flush };
  if (!isEncodable(common.name)) return undefined;
  switch (type) {
    case "PTR":
      if (typeof data !== "string" || !isEncodable(data)) return undefined;
      return { ...common, type, data: lowerCaseName(data) };
    case "SRV": {
      const { target, port } = data as { target: string; port: number };
      if (!isEncodable(target)) return undefined;
      return { ...common, type, data: { target: lowerCaseName(target), port } };
    }
    case "TXT": {
      const entries = data as Uint8Array[];
      const length = entries.reduce((sum, entry) => sum + entry.length, 0);
      const isLong = entries.length > MAX_TEXT_ENTRIES ||
        length > MAX_TEXT_LENGTH;
      if (isLong) return undefined;
      const decoder = new TextDecoder();
      const texts = entries.map((entry) => decoder.decode(entry));
      return { ...common, type, data: texts };
    }
    case "A":
    case "AAAA":
      if (typeof data !== "string" || !isUnicast(data)) return undefined;
      return { ...common, type, data };
    default:
      return undefined;
  }
}

function writeRecord(record: DnsRecord): Answer {
  const { flush = false, type, data } = record;
  // The package writes into the list of a TXT record.
  return { ...record, flush, data: type === "TXT" ? [...data] : data };
}
