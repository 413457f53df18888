import { assertEquals } from "@std/assert";
import {
  outgoingAnnounces,
  UnheardAnnounces,
} from "../../../../lib/tracker/store/unheard_announces.ts";
import { infoHash, peerAnnounce } from "../../announce/samples.ts";

/** What Redis would be told: `a completed 100` for each. */
function told(unheard: UnheardAnnounces, nowMs: number): string[] {
  return unheard.first(100).flatMap((one) => outgoingAnnounces(one, nowMs))
    .map(({ announce, ageMs }) =>
      `${announce.infoHash[0]} ${announce.event} ${ageMs}`
    );
}

Deno.test("UnheardAnnounces keeps the last word of each peer in each swarm", () => {
  const unheard = new UnheardAnnounces();
  unheard.add(peerAnnounce("x"), 0);
  unheard.add(peerAnnounce("x", { infoHash: infoHash("b") }), 10);
  unheard.add(peerAnnounce("x", { event: "update" }), 20);
  unheard.add(peerAnnounce("y", { event: "stopped" }), 30);
  assertEquals(told(unheard, 100), [
    "b started 90",
    "a update 80",
    "a stopped 70",
  ]);
  assertEquals(unheard.size, 3);
});

Deno.test("UnheardAnnounces forgets no completed download", () => {
  const unheard = new UnheardAnnounces();
  unheard.add(peerAnnounce("x", { event: "completed" }), 0);
  unheard.add(peerAnnounce("x", { event: "update" }), 10);
  assertEquals(told(unheard, 10), ["a completed 0"]);
  unheard.add(peerAnnounce("x", { event: "stopped" }), 20);
  assertEquals(told(unheard, 20), ["a completed 0", "a stopped 0"]);
});

Deno.test("UnheardAnnounces keeps what was said after what is heard", () => {
  const unheard = new UnheardAnnounces();
  unheard.add(peerAnnounce("x"), 0);
  unheard.add(peerAnnounce("y"), 0);
  const first = unheard.first(9);
  unheard.add(peerAnnounce("x", { event: "stopped" }), 10);
  unheard.delete(first);
  assertEquals(told(unheard, 10), ["a stopped 0"]);
});
