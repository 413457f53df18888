import { assert, assertEquals } from "@std/assert";
import type { PeerAddress } from "../../../lib/base/peer_address.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import { AddressBook } from "../../../lib/dialing/address_book.ts";

/** A rest is spread over three quarters to five quarters of its time; this much of it. */
const MIDDLE = (): number => 0.5;

/** The address 10.0.0.`host`, port 6881. */
function at(host: number): PeerAddress {
  return { hostname: `10.0.${host >> 8}.${host & 255}`, port: 6881 };
}

function bookOf(...hosts: number[]): AddressBook {
  const book = new AddressBook(MIDDLE);
  book.add(hosts.map(at));
  return book;
}

/** All that may be dialed now, as hosts. */
function takeAll(book: AddressBook, now: number): string[] {
  const taken: string[] = [];
  for (let next = book.take(now); next; next = book.take(now)) {
    taken.push(next.hostname);
  }
  return taken.sort();
}

Deno.test("AddressBook hands out each address once while it is in use", () => {
  const book = bookOf(1, 2, 3);
  assertEquals(takeAll(book, 0), ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  assertEquals(takeAll(book, 1e9), []);
});

Deno.test("AddressBook knows an address again, and another port of a host as another", () => {
  const book = bookOf(1, 1);
  book.add([{ hostname: "10.0.0.1", port: 6881 }]);
  assertEquals(book.size, 1);
  book.add([{ hostname: "10.0.0.1", port: 6882 }]);
  assertEquals(book.size, 2);
});

Deno.test("AddressBook does not free an address that is named again while in use", () => {
  const book = bookOf(1);
  book.take(0);
  book.add([at(1)]);
  assertEquals(book.take(1e9), undefined);
});

Deno.test("AddressBook remembers the failures of an address that is put off", () => {
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

Deno.test("AddressBook counts no call by hearsay that is put off", () => {
  const book = new AddressBook(MIDDLE);
  book.add(Array.from({ length: 40 }, (_, host) => at(host)), {
    isHearsay: true,
  });
  for (let count = 0; count < 20; count++) {
    const address = book.take(0);
    if (address !== undefined) book.postpone(address, 0, 1e9);
  }
  // All that may be dialed at once may be still.
  assertEquals(takeAll(book, 0).length, 16);
});

Deno.test("AddressBook leaves an address that fails alone for longer each time", () => {
  const book = bookOf(1);
  // Milliseconds after each failure in a row.
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

Deno.test("AddressBook counts failures anew after a connection", () => {
  const book = bookOf(1);
  for (let round = 0; round < 5; round++) book.failed(at(1), 0);
  book.take(1e6);
  book.release(at(1), 1e6, 3000);
  assertEquals(book.take(1e6 + 2999), undefined);
  assertEquals(book.take(1e6 + 3000), at(1));
  book.failed(at(1), 2e6);
  assertEquals(book.take(2e6 + 2000), at(1));
});

Deno.test("AddressBook never dials again what is released for ever", () => {
  const book = bookOf(1, 2);
  takeAll(book, 0);
  book.release(at(1), 0, Infinity);
  book.release(at(2), 0, 1000);
  assertEquals(takeAll(book, Number.MAX_SAFE_INTEGER), ["10.0.0.2"]);
  book.add([at(1)]);
  assertEquals(takeAll(book, Number.MAX_SAFE_INTEGER), []);
});

Deno.test("AddressBook spreads a rest so that a swarm does not dial in step", () => {
  const hosts = Array.from({ length: 200 }, (_, host) => host);
  const book = new AddressBook(seededRandom(1));
  book.add(hosts.map(at));
  takeAll(book, 0);
  for (const host of hosts) book.release(at(host), 0, 1000);
  const ready = [749, 900, 1000, 1100, 1250].map((now) =>
    takeAll(book, now).length
  );
  assertEquals(ready[0], 0);
  assertEquals(ready.reduce((sum, count) => sum + count), hosts.length);
  for (const count of ready.slice(1)) assert(count > 20, `${ready}`);
});

Deno.test("AddressBook takes any of the addresses, not the first", () => {
  const book = new AddressBook(seededRandom(7));
  const seen = new Set<string>();
  for (let round = 0; round < 50; round++) {
    book.add([1, 2, 3, 4].map(at));
    const address = book.take(round)!;
    seen.add(address.hostname);
    book.release(address, round, 0);
  }
  assertEquals(seen.size, 4);
});

Deno.test("AddressBook keeps to 2000 addresses and forgets the one that failed most", () => {
  const book = bookOf();
  for (let first = 0; first < 2000; first += 500) {
    book.add(Array.from({ length: 500 }, (_, host) => at(first + host)));
  }
  takeAll(book, 0);
  // All in use: a new one finds no room.
  book.add([at(5000)]);
  assertEquals(book.size, 2000);
  assertEquals(takeAll(book, 1e9), []);
  book.release(at(10), 0, 1000);
  for (let round = 0; round < 3; round++) book.failed(at(11), 0);
  book.add([at(5000), at(5001)]);
  assertEquals(book.size, 2000);
  // First 11, that failed, then 10, that did not, made room.
  assertEquals(takeAll(book, 1e9), [at(5000).hostname, at(5001).hostname]);
});

Deno.test("AddressBook takes 500 addresses of one reply, and no more", () => {
  const book = bookOf();
  book.add(Array.from({ length: 100_000 }, (_, host) => at(host)));
  assertEquals(book.size, 500);
});

Deno.test("AddressBook passes over what it does not know", () => {
  const book = bookOf(1);
  book.failed(at(2), 0);
  book.release(at(2), 0, 0);
  assertEquals(book.size, 1);
});

Deno.test("AddressBook dials what trackers name before what peers name", () => {
  const book = bookOf();
  const hearsay = Array.from({ length: 50 }, (_, host) => at(1000 + host));
  book.add(hearsay, { isHearsay: true });
  book.add([1, 2].map(at));
  const firstTwo = [book.take(0)!, book.take(0)!];
  assertEquals(
    firstTwo.map((address) => address.hostname).sort(),
    ["10.0.0.1", "10.0.0.2"],
  );
  const third = book.take(0)!.hostname;
  assert(hearsay.some(({ hostname }) => hostname === third));
});

Deno.test("AddressBook dials a few by hearsay at once and then four a second", () => {
  const book = bookOf();
  const hearsay = Array.from({ length: 500 }, (_, host) => at(1000 + host));
  book.add(hearsay, { isHearsay: true });
  assertEquals(takeAll(book, 0).length, 16);
  assertEquals(takeAll(book, 249).length, 0);
  let count = 0;
  for (let now = 250; now <= 10_000; now += 50) {
    count += takeAll(book, now).length;
  }
  assertEquals(count, 40);
  // What a tracker names does not wait for that.
  book.add([at(1)]);
  assertEquals(takeAll(book, 10_000), ["10.0.0.1"]);
});

Deno.test("AddressBook keeps to 500 addresses by hearsay, and they drive nobody out", () => {
  const book = bookOf();
  for (let first = 0; first < 2000; first += 500) {
    const hosts = Array.from({ length: 500 }, (_, host) => first + host);
    book.add(hosts.map((host) => at(10_000 + host)), { isHearsay: true });
  }
  assertEquals(book.size, 500);
  for (let first = 0; first < 2000; first += 500) {
    book.add(Array.from({ length: 500 }, (_, host) => at(first + host)));
  }
  // Trackers' addresses took the places of hearsay.
  assertEquals(book.size, 2000);
  book.add([at(20_000)], { isHearsay: true });
  assertEquals(takeAll(book, 0).length, 2000);
});

Deno.test("AddressBook forgets hearsay where nobody answered twice, and trusts a tracker that names it", () => {
  const book = bookOf();
  book.add([1, 2].map(at), { isHearsay: true });
  book.add([at(2)]);
  for (const now of [0, 1e6]) {
    assertEquals(takeAll(book, now).length, 2);
    for (const host of [1, 2]) book.failed(at(host), now);
  }
  assertEquals(book.size, 1);
  assertEquals(takeAll(book, 2e6), ["10.0.0.2"]);
});

Deno.test("AddressBook forgets who is not in use, but never dials again whom it shall not", () => {
  const book = bookOf(1);
  book.release(book.take(0)!, 0, Infinity);
  book.add([at(2)]);
  assertEquals(book.take(0), at(2));
  book.add([at(3), at(4)]);
  book.add([at(5)], { isHearsay: true });
  book.forgetUnused();
  assertEquals(takeAll(book, 1e9), []);
  book.add([at(1), at(2), at(3)]);
  assertEquals(takeAll(book, 1e9), ["10.0.0.3"]);
});
