import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseStoreAddress } from "../../../../lib/tracker/store/open_store.ts";

const REDIS = {
  type: "redis",
  hostname: "10.0.0.5",
  port: 6379,
  database: 0,
  username: undefined,
  password: undefined,
} as const;

Deno.test("parseStoreAddress() reads the three kinds of stores", () => {
  assertEquals(parseStoreAddress("memory"), { type: "memory" });
  for (const path of ["tracker.db", "/var/lib/x y.db", "C:\\x.db", "a:b"]) {
    assertEquals(parseStoreAddress(`sqlite:${path}`), { type: "sqlite", path });
  }
  assertEquals(parseStoreAddress("redis://10.0.0.5"), REDIS);
});

Deno.test("parseStoreAddress() reads a Redis with all that can be said of one", () => {
  assertEquals(parseStoreAddress("redis://10.0.0.5:7000/"), {
    ...REDIS,
    port: 7000,
  });
  assertEquals(parseStoreAddress("redis://10.0.0.5/12"), {
    ...REDIS,
    database: 12,
  });
  assertEquals(parseStoreAddress("redis://:p%40ss@10.0.0.5"), {
    ...REDIS,
    password: "p@ss",
  });
  assertEquals(parseStoreAddress("redis://me:p%3ass@cache.lan:1/2"), {
    type: "redis",
    hostname: "cache.lan",
    port: 1,
    database: 2,
    username: "me",
    password: "p:ss",
  });
  const ipv6 = parseStoreAddress("redis://[2001:db8::1]:7000");
  assert(ipv6.type === "redis");
  assertEquals(ipv6.hostname, "2001:db8::1");
  assertEquals(ipv6.port, 7000);
});

Deno.test("parseStoreAddress() refuses everything else, and repeats no password", () => {
  const cases = [
    ["", "it is not memory, sqlite:FILE or redis://HOST:PORT"],
    ["Memory", "it is not"],
    ["tracker.db", "it is not"],
    ["mysql://secret@x", "it is not"],
    ["sqlite:", "no path"],
    ["sqlite:a\0b", "no path"],
    ["sqlite::memory:", "plain path"],
    ["sqlite:file:x?mode=ro", "plain path"],
    ["redis:", "is written redis://HOST:PORT"],
    ["redis:secret", "is written"],
    ["redis://", "is written"],
    ["redis://:secret@", "is written"],
    ["redis://secret@x:99999", "is written"],
    ["redis://x/secret", "the number of the database"],
    ["redis://x/1/2", "the number of the database"],
    ["redis://x/-1", "the number of the database"],
    ["redis://x/?secret", "takes nothing after"],
    ["redis://x#secret", "takes nothing after"],
    ["redis://secret%zz:@x", "a % without two hex digits"],
    ["rediss://:secret@x", "TLS is not supported"],
  ] as const;
  for (const [text, reason] of cases) {
    const error = assertThrows(() => parseStoreAddress(text), RangeError);
    assert(error.message.startsWith("Cannot read store: "), text);
    assert(error.message.includes(reason), `${text}: ${error.message}`);
    assert(!error.message.includes("secret"), error.message);
  }
});
