import { assertEquals } from "@std/assert";
import {
  decodeAnswer,
  encodeAnnounces,
} from "../../../../lib/tracker/store/announce_batch.ts";
import { bytes, peerAnnounce, text } from "../../announce/samples.ts";

const NOTHING = { ageMs: 0, isTrusted: false };

Deno.test("encodeAnnounces() writes each announce as the script reads it", () => {
  const announce = peerAnnounce("me", {
    address: { hostname: "192.0.2.1", port: 6881 },
    numwant: 30,
    key: "5ec4e7",
    event: "completed",
    isSeeder: true,
    progress: { uploaded: 1, downloaded: 2, left: 0 },
  });
  const written = encodeAnnounces(
    [{ announce, ageMs: 1.5, isTrusted: true }],
    () => 0.5,
  );
  assertEquals(
    text(written),
    "a".repeat(40) + // info hash in hex
      "me------------------" +
      "\x1b" + // seeder, completed, listed, trusted
      "\x1e" + // 30 wanted
      "\x80\0\0\0" + // by chance
      "\x3f\xf0\0\0\0\0\0\0" + // uploaded 1
      "\x40\0\0\0\0\0\0\0" + // downloaded 2
      "\0\0\0\0\0\0\0\0" + // left 0
      "\x3f\xf8\0\0\0\0\0\0" + // 1.5 ms ago
      "\x06\xc0\x00\x02\x01\x1a\xe1" + // 192.0.2.1:6881
      "\x065ec4e7",
  );
});

Deno.test("encodeAnnounces() writes announces one after another, of any address", () => {
  const one = (hostname: string, changes = {}): Uint8Array =>
    encodeAnnounces([{
      ...NOTHING,
      announce: peerAnnounce("x", {
        address: { hostname, port: 1 },
        ...changes,
      }),
    }], () => 0);
  const addresses = [
    ["192.0.2.1", "\x06\xc0\x00\x02\x01\x00\x01"],
    ["2001:db8::1", `\x12\x20\x01\x0d\xb8${"\0".repeat(11)}\x01\x00\x01`],
    ["fe80::1%eth0", `\x12\xfe\x80${"\0".repeat(13)}\x01\x00\x01`],
    ["no address", "\0"],
  ] as const;
  for (const [hostname, written] of addresses) {
    assertEquals(text(one(hostname)).slice(98), `${written}\0`, hostname);
  }
  // Keys are 64 bytes in hex at most; what is longer is cut and not let over the edge.
  assertEquals(one("192.0.2.1", { key: "f".repeat(999) }).length, 98 + 7 + 256);
  const outgoing = ["a", "b", "c"].map((name) => ({
    ...NOTHING,
    announce: peerAnnounce(name),
  }));
  assertEquals(encodeAnnounces(outgoing, () => 0).length, 3 * (98 + 7 + 1));
  assertEquals(encodeAnnounces([], () => 0).length, 0);
});

Deno.test("decodeAnswer() reads counts and members, refusals and failures", () => {
  const answer = bytes(
    "\0" + // accepted
      "\x00\x00\x00\x02" + "\x00\x00\x01\x00" + // 2 seeders, 256 leechers
      "\x40\x08\0\0\0\0\0\0" + // 3 downloads
      "\x40\x59\0\0\0\0\0\0" + // for 100 ms
      "members",
  );
  assertEquals(decodeAnswer(answer), {
    type: "accepted",
    complete: 2,
    incomplete: 256,
    downloaded: 3,
    swarmAgeMs: 100,
    members: bytes("members"),
  });
  assertEquals(decodeAnswer(bytes("\x01")), { type: "refused" });
  assertEquals(decodeAnswer(bytes("\x02WRONGTYPE x")), {
    type: "failed",
    message: "WRONGTYPE x",
  });
});
