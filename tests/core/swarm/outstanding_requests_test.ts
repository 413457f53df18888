import { assertEquals } from "@std/assert";
import { randomBelow, seededRandom } from "../../../lib/base/random.ts";
import {
  OutstandingRequests,
  REQUEST_LIMITS,
} from "../../../lib/swarm/outstanding_requests.ts";

/** Peers that accept requests, drawn by the number outstanding at each: `"3 0 12"`. */
function drawn(picture: string): OutstandingRequests[] {
  const balance = {
    limits: REQUEST_LIMITS,
    requestCount: 0,
    sourceCount: 0,
  };
  return picture.split(" ").map((count) => {
    const requests = new OutstandingRequests(balance, {
      isFast: true,
      now: 0,
    });
    requests.setAccepted(true);
    for (let id = 0; id < Number(count); id++) requests.add(id, 0);
    return requests;
  });
}

/** The peers that are ahead, as `^`. */
function ahead(peers: readonly OutstandingRequests[]): string {
  return peers.map(({ isAhead }) => isAhead ? "^" : ".").join(" ");
}

const PICTURES: readonly [picture: string, ahead: string, why: string][] = [
  ["200", ".", "a lone source gets all requests"],
  ["0 0", ". .", "nothing is outstanding yet"],
  ["7 7 7", ". . .", "all alike"],
  ["100 100 100", ". . .", "all alike, and many"],
  ["15 0", ". .", "within the slack"],
  ["16 0", "^ .", "8 more than the average of 8"],
  ["30 10 2", "^ . .", "16 more than the average of 14"],
  ["21 14 7", ". . .", "7 more than the average of 14"],
  ["50 50 0 0", "^ ^ . .", "two of four"],
];

for (const [picture, expected, why] of PICTURES) {
  Deno.test(`OutstandingRequests are ahead at ${expected} of ${picture}: ${why}`, () => {
    assertEquals(ahead(drawn(picture)), expected);
  });
}

Deno.test("OutstandingRequests are compared among peers that accept requests", () => {
  const peers = drawn("20 0 0 0");
  assertEquals(ahead(peers), "^ . . .");
  for (const requests of peers.slice(1)) requests.setAccepted(false);
  assertEquals(ahead(peers), ". . . .");
});

Deno.test("OutstandingRequests of a snubbed peer do not count until it delivers", () => {
  const peers = drawn("90 12 0");
  const [first, second] = peers;
  assertEquals(ahead(peers), "^ . .");
  first!.setSnubbed(true);
  assertEquals(ahead(peers), ". . .");
  first!.delete(0);
  first!.setSnubbed(false);
  assertEquals(ahead(peers), "^ . .");
  first!.clear();
  second!.add(12, 0);
  assertEquals(ahead(peers), ". ^ .");
});

Deno.test("OutstandingRequests list blocks by age", () => {
  const [requests] = drawn("6");
  requests!.delete(0);
  requests!.delete(3);
  requests!.add(0, 0);
  assertEquals([...requests!], [1, 2, 4, 5, 0]);
  assertEquals(requests!.has(3), false);
  assertEquals(requests!.delete(3), false);
  requests!.clear();
  assertEquals([...requests!], []);
});

Deno.test("OutstandingRequests are a set through random changes", () => {
  const random = seededRandom(1);
  const [requests] = drawn("0");
  const model = new Set<number>();
  for (let step = 0; step < 20_000; step++) {
    const id = randomBelow(60, random);
    if (model.has(id)) assertEquals(requests!.delete(id), model.delete(id));
    else {
      requests!.add(id, 0);
      model.add(id);
    }
    assertEquals(requests!.size, model.size);
    assertEquals(requests!.has(id), model.has(id));
    if (step % 100 === 0) assertEquals([...requests!], [...model]);
  }
});
