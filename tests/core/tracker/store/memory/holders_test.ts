import { assertEquals } from "@std/assert";
import { AddressWords } from "../../../../../lib/tracker/store/address_words.ts";
import { randomBelow, seededRandom } from "../../../../../lib/base/random.ts";
import { Holders } from "../../../../../lib/tracker/store/memory/holders.ts";
import { PeerRecords } from "../../../../../lib/tracker/store/memory/peer_records.ts";

Deno.test("Holders agree with lists of peers through random changes (seed 6)", () => {
  const random = seededRandom(6);
  const peers = new PeerRecords();
  const holders = new Holders(peers, { low: 1, high: 2 });
  const address = new AddressWords();
  /** Each holder's peers, those first that were not heard of for longest. */
  const expected = new Map<string, number[]>();
  for (let round = 0; round < 6_000; round++) {
    const number = randomBelow(12, random);
    const hostname = number % 3 === 0
      ? `2001:db8::${number}`
      : `10.0.0.${number}`;
    address.read(hostname);
    const list = expected.get(hostname) ?? [];
    const choice = random();
    if (choice < 0.4 || list.length === 0) {
      const peer = peers.allocate();
      peers.setAddress(peer, address, 6881);
      holders.add(peer);
      expected.set(hostname, [...list, peer]);
    } else {
      const peer = list[randomBelow(list.length, random)]!;
      const others = list.filter((other) => other !== peer);
      if (choice < 0.6) {
        holders.touch(peer);
        expected.set(hostname, [...others, peer]);
      } else {
        holders.remove(peer);
        peers.free(peer);
        expected.set(hostname, others);
      }
    }
    const now = expected.get(hostname)!;
    assertEquals(holders.peerCount(address.words), now.length);
    if (now.length > 0) assertEquals(holders.oldestPeer(address.words), now[0]);
    const most = Math.max(
      ...[...expected.values()].map(({ length }) => length),
    );
    const biggest = [...holders.peersOfBiggest()];
    assertEquals(biggest.length, most);
    if (most === 0) continue;
    assertEquals(
      [...expected.values()].some((list) => `${list}` === `${biggest}`),
      true,
    );
  }
});
