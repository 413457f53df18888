import { assertEquals, assertLess } from "@std/assert";
import {
  decodeDnsMessage,
  type DnsMessage,
  encodeDnsMessage,
  isSameRecord,
} from "../../../lib/discovery/dns_message.ts";
import {
  addressRecords,
  shareRecords,
} from "../../../lib/discovery/share_records.ts";
import { fuzz, FUZZ_SEED } from "../fuzz.ts";
import { SHARE } from "./dns_network.ts";

const MESSAGE: DnsMessage = {
  id: 7,
  isResponse: true,
  questions: [{ name: "lanswarm.local", type: "ANY" }],
  answers: [
    ...shareRecords(SHARE, {
      instance: "images-1._lanswarm._tcp.local",
      host: "host.local",
    }),
    ...addressRecords("host.local", ["10.77.0.1", "fd77::1"]),
  ],
  proposed: addressRecords("lanswarm.local", ["10.77.0.1"]),
};

/** A header with these counts of entries. */
function header(questionCount: number, answerCount = 0): number[] {
  return [
    ...[0, 0, 0x84, 0],
    ...[questionCount >> 8, questionCount & 255],
    ...[answerCount >> 8, answerCount & 255],
    ...[0, 0, 0, 0],
  ];
}

function assertRefused(bytes: ArrayLike<number>): void {
  assertEquals(decodeDnsMessage(Uint8Array.from(bytes)), undefined);
}

Deno.test("isSameRecord() ignores the case of names, and not that of texts", () => {
  const text = {
    name: "a.local",
    type: "TXT",
    ttl: 1,
    data: ["n=Photos"],
  } as const;
  assertEquals(isSameRecord(text, { ...text, name: "A.local" }), true);
  assertEquals(isSameRecord(text, { ...text, data: ["n=photos"] }), false);
  const pointer = {
    name: "a.local",
    type: "PTR",
    ttl: 1,
    data: "b.local",
  } as const;
  assertEquals(isSameRecord(pointer, { ...pointer, data: "B.local" }), true);
});

Deno.test("decodeDnsMessage() reads what encodeDnsMessage() writes", () => {
  const read = decodeDnsMessage(encodeDnsMessage(MESSAGE))!;
  const withFlush = (
    { answers, proposed, ...message }: DnsMessage,
  ): DnsMessage => ({
    ...message,
    answers: answers.map((record) => ({ flush: false, ...record })),
    proposed: proposed.map((record) => ({ flush: false, ...record })),
  });
  const strip = (message: DnsMessage): unknown =>
    JSON.parse(
      JSON.stringify(message),
      (key, value) => ["priority", "weight"].includes(key) ? undefined : value,
    );
  assertEquals(strip(read), strip(withFlush(MESSAGE)));
});

Deno.test("decodeDnsMessage() reads a question with the QU bit", () => {
  const message = encodeDnsMessage({
    isResponse: false,
    questions: [{ name: "LANSWARM.local", type: "A" }],
  });
  // The class stands last.
  message[message.length - 2] = 0x80;
  assertEquals(decodeDnsMessage(message)!.questions, [
    { name: "lanswarm.local", type: "A" },
  ]);
});

Deno.test("decodeDnsMessage() refuses loops in names", () => {
  // A name at 12 that points to itself.
  assertRefused([...header(1), 0xc0, 12, 0, 1, 0, 1]);
  // Two that point to each other.
  assertRefused([...header(1), 0xc0, 14, 0xc0, 12, 0, 1, 0, 1]);
  // "a" and then a pointer to its own beginning.
  assertRefused([...header(1), 1, 0x61, 0xc0, 12, 0, 1, 0, 1]);
});

Deno.test("decodeDnsMessage() refuses long names and messages", () => {
  const label = [63, ...new Array(63).fill(0x61)];
  const longName = [...label, ...label, ...label, ...label, 0];
  assertRefused([...header(1), ...longName, 0, 1, 0, 1]);
  const endlessName = Array.from({ length: 1024 }, () => label).flat();
  assertRefused([...header(1), ...endlessName]);
  assertRefused(new Uint8Array(9001));
  assertRefused(header(1).slice(1));
  assertRefused([...header(1), 5, 0x61]);
});

Deno.test("decodeDnsMessage() refuses thousands of entries without reading them", () => {
  assertRefused(header(65_535, 65_535));
  assertRefused(header(257));
});

Deno.test("decodeDnsMessage() spends little on many names that are long chains of pointers", () => {
  // 4,000 pointers, each to the one before, then as many questions as are allowed.
  const chain = [0];
  for (let index = 0; index < 4000; index++) {
    const target = 12 + (index === 0 ? 0 : 2 * index - 1);
    chain.push(0xc0 | target >> 8, target & 255);
  }
  const last = 12 + 2 * 3999 + 1;
  const question = [0xc0 | last >> 8, last & 255, 0, 1, 0, 1];
  const bytes = Uint8Array.from([
    ...header(157),
    ...[...chain, 0, 1, 0, 1],
    ...Array.from({ length: 156 }, () => question).flat(),
  ]);
  const startMs = performance.now();
  decodeDnsMessage(bytes);
  assertLess(performance.now() - startMs, 100);
});

Deno.test("decodeDnsMessage() leaves out a TXT record without measure", () => {
  const answers = [{
    ...{ name: "a.local", ttl: 10, flush: true, type: "TXT" as const },
    data: Array.from({ length: 30 }, () => "x=".padEnd(200, "y")),
  }];
  const message = { isResponse: true, questions: [], answers, proposed: [] };
  assertEquals(decodeDnsMessage(encodeDnsMessage(message))!.answers, []);
});

Deno.test(`decodeDnsMessage() survives any datagram (seed ${FUZZ_SEED})`, async () => {
  await fuzz({
    examples: [
      encodeDnsMessage(MESSAGE),
      Uint8Array.from([...header(1), 1, 0x61, 0xc0, 12, 0, 1, 0, 1]),
    ],
    decode: decodeDnsMessage,
    longestMs: 50,
  });
});
