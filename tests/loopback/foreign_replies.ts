/**
 * Generators of answers to an announce, by trackers and by other servers, as the
 * bytes on the connection.
 */
import { concat } from "@std/bytes/concat";
import { type Random, randomBelow } from "../../lib/base/random.ts";
import { latin1 } from "../core/bencode/bytes.ts";

export interface AnswerClass {
  readonly name: string;
  /** Makes one for the tracker at `url`. */
  readonly make: (
    random: Random,
    url: string,
  ) => Uint8Array | Promise<Uint8Array>;
  /** The result of the announce. @default either */
  readonly outcome?: "reply" | "refusal";
  /** True if it takes long to make. @default {false} */
  readonly isLarge?: boolean;
}

const encoder = new TextEncoder();

export function response(
  body: Uint8Array | string,
  headers: Readonly<Record<string, string>> = {},
  status = "200 OK",
): Uint8Array {
  const bytes = typeof body === "string" ? latin1(body) : body;
  // The server closes the connection, so the client must not use it again.
  const fields = {
    "content-length": `${bytes.length}`,
    "connection": "close",
    ...headers,
  };
  const head = Object.entries(fields).map(([name, value]) =>
    `${name}: ${value}\r\n`
  ).join("");
  return concat([encoder.encode(`HTTP/1.1 ${status}\r\n${head}\r\n`), bytes]);
}

export function pick<T>(values: readonly T[], random: Random): T {
  return values[randomBelow(values.length, random)]!;
}

/** Values for an interval: bencode, or almost. */
const NUMBERS = [
  ...["i0e", "i1e", "i-1e", "i-0e", "i00e", "ie", "i-e", "i1.5e", "i1e3e"],
  ...["iNaNe", "i Infinitye", "i2147483648e", "i4294967296e"],
  ...["i9007199254740993e", "i99999999999999999999e", "i+1e", "i 1e"],
  ...["3:NaN", "3:120", "8:Infinity", "0:", "le", "de", "l3:120e", "di1ei2ee"],
];

/** Values for a peer's IP address. */
const HOSTS = [
  ...["192.0.2.1", "127.0.0.1", "0.0.0.0", "255.255.255.255", "::1", "::"],
  ...["2001:db8::1", "::ffff:192.0.2.1", "fe80::1%eth0", "[::1]", "1.2.3"],
  ...["tracker.example", "localhost", "", "\0", "192.0.2.1:80", "0x7f.1"],
  ...["224.0.0.1", "ff02::1", "192.0.2.1\n", "<script>", "256.1.1.1"],
];

const PORTS = [
  ...["i6881e", "i0e", "i-1e", "i65536e", "i80e", "4:6881", "le", "i1.5e"],
];

/** Values in place of bytes or of a list of peers. */
const VALUES = ["i1e", "le", "de", "0:", "1:x", "l1:xe", "lleee", "d1:ai1ee"];

const KEYS = [
  ...["interval", "min interval", "complete", "incomplete", "peers", "peers6"],
  ...["tracker id", "warning message", "failure reason", "__proto__"],
  ...["constructor", "external ip", "retry in"],
];

/** Classes of answers: the worst result is a failed announce. */
export const ANSWER_CLASSES: readonly AnswerClass[] = [
  {
    name: "a web page",
    outcome: "refusal",
    make: (random) =>
      response(
        pick(["<!DOCTYPE html><title>It works!", "<html>", "\n<"], random),
        { "content-type": "text/html" },
        pick(["200 OK", "404 Not Found", "302 Found", "203 x"], random),
      ),
  },
  {
    name: "malformed numbers",
    make: (random) =>
      response(
        `d8:interval${pick(NUMBERS, random)}12:min interval${
          pick(NUMBERS, random)
        }e`,
      ),
  },
  {
    name: "a key with a value of another type",
    make: (random) => {
      const key = pick(KEYS, random);
      return response(`d${key.length}:${key}${pick(VALUES, random)}e`);
    },
  },
  {
    name: "peers in odd dictionaries",
    outcome: "reply",
    make: (random) => {
      const peers = Array.from({ length: randomBelow(20, random) }, () => {
        const ip = pick(HOSTS, random);
        const port = pick(PORTS.slice(0, -1), random);
        return `d2:ip${ip.length}:${ip}4:port${port}e`;
      });
      return response(`d8:intervali9e5:peersl${peers.join("")}ee`);
    },
  },
  {
    name: "compact peers of any length",
    make: (random) => {
      const length = randomBelow(60, random);
      const key = pick(["5:peers", "6:peers6"], random);
      const bytes = Uint8Array.from(
        { length },
        () => random() < 0.3 ? 0 : random() * 256,
      );
      return response(
        concat([latin1(`d${key}${length}:`), bytes, latin1("e")]),
      );
    },
  },
  {
    name: "100,000 peers",
    isLarge: true,
    outcome: "reply",
    make: (random) => {
      const bytes = Uint8Array.from({ length: 600_000 }, () => random() * 256);
      return response(
        concat([latin1("d5:peers600000:"), bytes, latin1("e")]),
      );
    },
  },
  {
    name: "100,000 malformed peers",
    isLarge: true,
    outcome: "refusal",
    make: (random) =>
      response(`d5:peersl${pick(["de", "le", "0:"], random).repeat(1e5)}ee`),
  },
  {
    name: "an HTTP error with a reason",
    outcome: "refusal",
    make: (random) =>
      response(
        "d14:failure reason6:no, noe",
        {},
        pick(["400 x", "403 x", "404 x", "500 x", "503 x", "999 x"], random),
      ),
  },
  {
    name: "a redirect to another scheme",
    outcome: "refusal",
    make: (random) =>
      response("", {
        location: pick([
          ...["file:///etc/passwd", "udp://127.0.0.1:1", "data:,de", "//["],
          ...["javascript:1", "ftp://127.0.0.1/", "https://", "blob:x"],
        ], random),
      }, pick(["301 x", "302 x", "303 x", "307 x", "308 x"], random)),
  },
  {
    name: "a redirect in a circle",
    outcome: "refusal",
    make: (_, url) => response("", { location: `${url}?again` }, "302 x"),
  },
  {
    name: "a compressed reply, declared",
    outcome: "reply",
    make: async () =>
      response(await compress(latin1("d8:intervali9ee")), {
        "content-encoding": "gzip",
      }),
  },
  {
    name: "a compressed reply, not declared or wrongly so",
    outcome: "refusal",
    make: async (random) => {
      const format = pick(["gzip", "deflate", "deflate-raw"] as const, random);
      const body = await compress(latin1("d8:intervali9ee"), format);
      const encoding = pick(["", "identity", "br", "compress"], random);
      return response(
        body,
        encoding === "" ? {} : { "content-encoding": encoding },
      );
    },
  },
  {
    name: "a plain reply, declared as compressed",
    make: (random) =>
      response("d8:intervali9ee", {
        "content-encoding": pick(["gzip", "deflate", "br", "zstd"], random),
      }),
  },
  {
    name: "a compressed reply of 64 MiB",
    isLarge: true,
    outcome: "refusal",
    make: async () =>
      response(await compress(new Uint8Array(64 * 1024 * 1024)), {
        "content-encoding": "gzip",
      }),
  },
  {
    name: "malformed chunks",
    make: (random) =>
      latin1(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" +
          pick([
            ...["5\r\nd1:ai\r\n", "zz\r\nde\r\n0\r\n\r\n", "-1\r\nde\r\n"],
            ...["ffffffffffffffffff\r\nde", "2\r\ndeXX0\r\n\r\n", "\r\n\r\n"],
            ...["2;x=y\r\nde\r\n0\r\nt: v\r\n\r\n", "2\nde\n0\n\n"],
          ], random),
      ),
  },
  {
    name: "another protocol than HTTP",
    outcome: "refusal",
    make: (random) =>
      latin1(
        pick([
          ...["", "\0", "d8:intervali9ee", "\x13BitTorrent protocol", "HTTP"],
          ...["HTTP/1.1 200", "HTTP/9.9 200 OK\r\n\r\nde", "SSH-2.0-x\r\n"],
          ...["\x16\x03\x01\0\x05", "HTTP/1.1 -1 x\r\n\r\n", "\r\n\r\nde"],
          `HTTP/1.1 200 OK\r\nx: ${"y".repeat(2e6)}\r\n\r\nde`,
        ], random),
      ),
  },
  {
    name: "a body of another length than declared",
    make: (random) =>
      response("d8:intervali9ee", {
        "content-length": pick(["0", "3", "99", "-1", "x", "9e9"], random),
      }),
  },
  {
    name: "a truncated reply",
    outcome: "refusal",
    make: (random) => {
      const whole = "d8:intervali9e5:peers6:\xc0\0\x02\x01\x1a\xe1e";
      return response(whole.slice(0, randomBelow(whole.length, random)));
    },
  },
  {
    name: "endless nesting and numbers",
    isLarge: true,
    outcome: "refusal",
    make: (random) =>
      response(pick(["l", "d1:a", "i9", "99999999999:"], random).repeat(1e5)),
  },
];

async function compress(
  bytes: Uint8Array<ArrayBuffer>,
  format: "gzip" | "deflate" | "deflate-raw" = "gzip",
): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream()
    .pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
