import { assertEquals } from "@std/assert";
import { fileResponse, parseRange } from "../../../lib/share/file_response.ts";

/** `0123…`, ten bytes. */
const CONTENT = Uint8Array.from({ length: 10 }, (_, index) => 0x30 + index);

/** Status, range and body of the response to these headers. */
async function get(headers: Record<string, string>): Promise<string> {
  const response = fileResponse({ header: (name) => headers[name] }, {
    length: CONTENT.length,
    version: "v1",
    headers: { "content-type": "text/plain" },
    open: () =>
      Promise.resolve({
        read: (offset: number, into: Uint8Array) => {
          into.set(CONTENT.subarray(offset, offset + into.length));
          return Promise.resolve();
        },
        [Symbol.dispose]: () => {},
      }),
  });
  let text = "";
  if (typeof response.body !== "string") {
    for await (const part of response.body as AsyncIterable<Uint8Array>) {
      text += new TextDecoder().decode(part);
    }
    assertEquals(text.length, response.length);
  }
  const range = response.headers["content-range"] ?? "-";
  return `${response.status} ${range} ${text}`.trim();
}

Deno.test("fileResponse() sends the whole file, one range of it, or 416", async () => {
  for (
    const [range, expected] of [
      ["", "200 - 0123456789"],
      ["bytes=0-", "206 bytes 0-9/10 0123456789"],
      ["bytes=7-", "206 bytes 7-9/10 789"],
      ["bytes=2-4", "206 bytes 2-4/10 234"],
      ["bytes=2-400", "206 bytes 2-9/10 23456789"],
      ["bytes=-3", "206 bytes 7-9/10 789"],
      ["bytes=-30", "206 bytes 0-9/10 0123456789"],
      ["bytes=9-9", "206 bytes 9-9/10 9"],
      ["bytes=10-", "416 bytes */10"],
      ["bytes=-0", "416 bytes */10"],
      // Several ranges and what is malformed: the whole file. [RFC 9110, 14.2]
      ["bytes=0-1,4-5", "200 - 0123456789"],
      ["bytes=4-2", "200 - 0123456789"],
      ["bytes=-", "200 - 0123456789"],
      ["bytes=a-", "200 - 0123456789"],
      ["lines=1-2", "200 - 0123456789"],
      [`bytes=0-${"9".repeat(40)}`, "200 - 0123456789"],
    ]
  ) {
    assertEquals(await get(range === "" ? {} : { range: range! }), expected);
  }
});

Deno.test("fileResponse() resumes only the same version of the file", async () => {
  const range = "bytes=8-";
  assertEquals(await get({ range, "if-range": '"v1"' }), "206 bytes 8-9/10 89");
  assertEquals(await get({ range, "if-range": '"v0"' }), "200 - 0123456789");
  // A date is no version of ours.
  const date = "Sat, 28 Nov 2026 00:00:00 GMT";
  assertEquals(await get({ range, "if-range": date }), "200 - 0123456789");
});

Deno.test("parseRange() never leaves the file", () => {
  for (const length of [0, 1, 2, 1000]) {
    for (const first of ["", "0", "1", "999", "1000", "9".repeat(15)]) {
      for (const last of ["", "0", "1", "999", "1000", "9".repeat(15)]) {
        const range = parseRange(`bytes=${first}-${last}`, length);
        if (range === undefined || range === "unsatisfiable") continue;
        const { start, end } = range;
        assertEquals(0 <= start && start < end && end <= length, true);
      }
    }
  }
});

Deno.test("fileResponse() opens the file once, when its first byte is wanted, and closes it however the download ends", async () => {
  for (const chunks of [0, 1, Infinity]) {
    const calls: string[] = [];
    const { body } = fileResponse({ header: () => undefined }, {
      length: 600_000,
      version: "v1",
      headers: {},
      open: () => {
        calls.push("open");
        return Promise.resolve({
          read: () => Promise.resolve(void calls.push("read")),
          [Symbol.dispose]: () => void calls.push("close"),
        });
      },
    });
    const parts = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    for (let count = 0; count < chunks; count++) {
      if ((await parts.next()).done) break;
    }
    await parts.return?.();
    const reads = Array<string>(Math.min(chunks, 3)).fill("read");
    assertEquals(calls, chunks === 0 ? [] : ["open", ...reads, "close"]);
  }
});
