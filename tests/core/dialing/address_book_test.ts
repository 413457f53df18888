import { assert, assertEquals } from "@std/assert";
import type { PeerAddress } from "../../../lib/base/peer_address.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import { AddressBook } from "../../../lib/dialing/address_book.ts";

/** Rests are spread from 0.75 to 1.25 of their time; this gives 1. */
const MIDDLE = (): number => 0.5;

/** The address 10.0.0.`host`, port 6881. */
function at(host: number): PeerAddress {
  return { hostname: `10.0.${host >> 8}.${host & 255}`, port: 6881 };
}

function bookOf(...hosts: number[]): AddressBook {
  const book = new AddressBook(MIDDLE);
  book.add(hosts.map(at), "tracker");
  return book;
}

/** Takes all addresses that may be dialed now; their hostnames, sorted. */
function takeAll(book: AddressBook, now: number): string[] {
  const taken: string[] = [];
  for (let next = book.take(now); next; next = book.take(now)) {
    taken.push(next.hostname);
  }
  return taken.sort();
}

Deno.test("AddressBook.take() returns each address once while it is in use", () => {
  const book = bookOf(1, 2, 3);
  assertEquals(takeAll(book, 0), ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  assertEquals(takeAll(book, 1e9), []);
});

Deno.test("AddressBook.add() ignores a known address, and keeps two ports of a host apart", () => {
  const book = bookOf(1, 1);
  book.add([{ hostname: "10.0.0.1", port: 6881 }], "tracker");
  assertEquals(book.size, 1);
  book.add([{ hostname: "10.0.0.1", port: 6882 }], "tracker");
  assertEquals(book.size, 2);
});

Deno.test("AddressBook.add() does not free an address in use", () => {
  const book = bookOf(1);
  book.take(0);
  book.add([at(1)], "tracker");
  assertEquals(book.take(1e9), undefined);
});

Deno.test("AddressBook.postpone() keeps the failures of an address", () => {
  const book = bookOf(1);
  book.take(0);
  book.failed(at(1), 0);
  book.take(2_000);
  book.postpone(at(1), 2_000, 10_000);
  assertEquals(book.take(11_999), undefined);
  assertEquals(book.take(12_000), at(1));
  book.failed(at(1), 12_000);
  assertEquals(book.take(15_999), undefined);
  assertEquals(book.take(16_000), at(1));
});

Deno.test("AddressBook.postpone() gives the exchanged dial back", () => {
  const book = new AddressBook(MIDDLE);
  book.add(Array.from({ length: 40 }, (_, host) => at(host)), "exchange");
  for (let count = 0; count < 20; count++) {
    const address = book.take(0);
    if (address !== undefined) book.postpone(address, 0, 1e9);
  }
  // The whole burst is left.
  assertEquals(takeAll(book, 0).length, 16);
});

Deno.test("AddressBook.failed() rests an address for longer each time", () => {
  const book = bookOf(1);
  // After each failure in a row, in milliseconds.
  const pauses = [2, 4, 8, 16, 32, 64, 120, 120].map((seconds) =>
    seconds * 1000
  );
  let now = 0;
  for (const pause of pauses) {
    assertEquals(book.take(now), at(1));
    book.failed(at(1), now);
    assertEquals(book.take(now + pause - 1), undefined);
    now += pause;
  }
});

Deno.test("AddressBook.rest() resets the failures of an address", () => {
  const book = bookOf(1);
  for (let round = 0; round < 5; round++) book.failed(at(1), 0);
  book.take(1e6);
  book.rest(at(1), 1e6, 3000);
  assertEquals(book.take(1e6 + 2999), undefined);
  assertEquals(book.take(1e6 + 3000), at(1));
  book.failed(at(1), 2e6);
  assertEquals(book.take(2e6 + 2000), at(1));
});

Deno.test("AddressBook never returns an address that rests for ever", () => {
  const book = bookOf(1, 2);
  takeAll(book, 0);
  book.rest(at(1), 0, Infinity);
  book.rest(at(2), 0, 1000);
  assertEquals(takeAll(book, Number.MAX_SAFE_INTEGER), ["10.0.0.2"]);
  book.add([at(1)], "tracker");
  assertEquals(takeAll(book, Number.MAX_SAFE_INTEGER), []);
});

Deno.test("AddressBook spreads rests so that a swarm does not dial in step", () => {
  const hosts = Array.from({ length: 200 }, (_, host) => host);
  const book = new AddressBook(seededRandom(1));
  book.add(hosts.map(at), "tracker");
  takeAll(book, 0);
  for (const host of hosts) book.rest(at(host), 0, 1000);
  const ready = [749, 900, 1000, 1100, 1250].map((now) =>
    takeAll(book, now).length
  );
  assertEquals(ready[0], 0);
  assertEquals(ready.reduce((sum, count) => sum + count), hosts.length);
  for (const count of ready.slice(1)) assert(count > 20, `${ready}`);
});

Deno.test("AddressBook.take() chooses at random", () => {
  const book = new AddressBook(seededRandom(7));
  const seen = new Set<string>();
  for (let round = 0; round < 50; round++) {
    book.add([1, 2, 3, 4].map(at), "tracker");
    const address = book.take(round)!;
    seen.add(address.hostname);
    book.rest(address, round, 0);
  }
  assertEquals(seen.size, 4);
});

Deno.test("AddressBook holds 2000 addresses and evicts the one that failed most", () => {
  const book = bookOf();
  for (let first = 0; first < 2000; first += 500) {
    book.add(
      Array.from({ length: 500 }, (_, host) => at(first + host)),
      "tracker",
    );
  }
  takeAll(book, 0);
  // All are in use: there is no room.
  book.add([at(5000)], "tracker");
  assertEquals(book.size, 2000);
  assertEquals(takeAll(book, 1e9), []);
  book.rest(at(10), 0, 1000);
  for (let round = 0; round < 3; round++) book.failed(at(11), 0);
  book.add([at(5000), at(5001)], "tracker");
  assertEquals(book.size, 2000);
  // 11 had failed and was evicted first, then 10.
  assertEquals(takeAll(book, 1e9), [at(5000).hostname, at(5001).hostname]);
});

Deno.test("AddressBook.add() takes at most 500 addresses at once", () => {
  const book = bookOf();
  book.add(Array.from({ length: 100_000 }, (_, host) => at(host)), "tracker");
  assertEquals(book.size, 500);
});

Deno.test("AddressBook ignores results for unknown addresses", () => {
  const book = bookOf(1);
  book.failed(at(2), 0);
  book.rest(at(2), 0, 0);
  assertEquals(book.size, 1);
});

Deno.test("AddressBook.take() prefers tracked addresses to exchanged ones", () => {
  const book = bookOf();
  const exchanged = Array.from({ length: 50 }, (_, host) => at(1000 + host));
  book.add(exchanged, "exchange");
  book.add([1, 2].map(at), "tracker");
  const firstTwo = [book.take(0)!, book.take(0)!];
  assertEquals(
    firstTwo.map((address) => address.hostname).sort(),
    ["10.0.0.1", "10.0.0.2"],
  );
  const third = book.take(0)!.hostname;
  assert(exchanged.some(({ hostname }) => hostname === third));
});

Deno.test("AddressBook.take() returns 16 exchanged addresses at once and then four a second", () => {
  const book = bookOf();
  const exchanged = Array.from({ length: 500 }, (_, host) => at(1000 + host));
  book.add(exchanged, "exchange");
  assertEquals(takeAll(book, 0).length, 16);
  assertEquals(takeAll(book, 249).length, 0);
  let count = 0;
  for (let now = 250; now <= 10_000; now += 50) {
    count += takeAll(book, now).length;
  }
  assertEquals(count, 40);
  // A tracked address does not wait for that.
  book.add([at(1)], "tracker");
  assertEquals(takeAll(book, 10_000), ["10.0.0.1"]);
});

Deno.test("AddressBook holds 500 exchanged addresses, and they evict no other", () => {
  const book = bookOf();
  for (let first = 0; first < 2000; first += 500) {
    const hosts = Array.from({ length: 500 }, (_, host) => first + host);
    book.add(hosts.map((host) => at(10_000 + host)), "exchange");
  }
  assertEquals(book.size, 500);
  for (let first = 0; first < 2000; first += 500) {
    book.add(
      Array.from({ length: 500 }, (_, host) => at(first + host)),
      "tracker",
    );
  }
  // Tracked addresses evicted exchanged ones.
  assertEquals(book.size, 2000);
  book.add([at(20_000)], "exchange");
  assertEquals(takeAll(book, 0).length, 2000);
});

Deno.test("AddressBook forgets an exchanged address after two failures, unless a tracker confirmed it", () => {
  const book = bookOf();
  book.add([1, 2].map(at), "exchange");
  book.add([at(2)], "tracker");
  for (const now of [0, 1e6]) {
    assertEquals(takeAll(book, now).length, 2);
    for (const host of [1, 2]) book.failed(at(host), now);
  }
  assertEquals(book.size, 1);
  assertEquals(takeAll(book, 2e6), ["10.0.0.2"]);
});

Deno.test("AddressBook.forgetUnused() keeps what is in use or rests for ever", () => {
  const book = bookOf(1);
  book.rest(book.take(0)!, 0, Infinity);
  book.add([at(2)], "tracker");
  assertEquals(book.take(0), at(2));
  book.add([at(3), at(4)], "tracker");
  book.add([at(5)], "exchange");
  book.forgetUnused();
  assertEquals(takeAll(book, 1e9), []);
  book.add([at(1), at(2), at(3)], "tracker");
  assertEquals(takeAll(book, 1e9), ["10.0.0.3"]);
});

Deno.test("AddressBook holds 500 addresses heard on the network, and they evict and delay no other", () => {
  const book = bookOf(1, 2);
  for (let host = 3; host < 3_000; host++) book.add([at(host)], "local");
  assertEquals(book.size, 502);
  const first = [book.take(0), book.take(0)].map((address) =>
    address?.hostname
  );
  assertEquals(first.sort(), ["10.0.0.1", "10.0.0.2"]);
  assertEquals(takeAll(book, 0).length, 500);
  // All are in use: no further one is heard, but a tracker may name some.
  book.add([at(4_000)], "local");
  book.add([at(4_001)], "tracker");
  assertEquals(takeAll(book, 0), [at(4_001).hostname]);
});

Deno.test("AddressBook counts an address that a tracker names as heard no longer", () => {
  const book = new AddressBook(MIDDLE);
  book.add([at(1)], "local");
  book.add([at(1)], "exchange");
  book.add([at(1)], "tracker");
  for (let host = 2; host < 2_000; host++) book.add([at(host)], "local");
  assertEquals(book.take(0), at(1));
});
