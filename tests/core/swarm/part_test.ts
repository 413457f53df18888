/**
 * A peer that wants a part of the pieces.
 */
import { assert, assertEquals } from "@std/assert";
import { EXTENDED, FAST, SwarmDesk } from "./swarm_desk.ts";

Deno.test("a peer is interested in wanted pieces only, and requests no others", () => {
  const desk = new SwarmDesk({
    have: "....",
    wanted: ".#.#",
    blocksPerPiece: 1,
  });
  desk.join(1);
  desk.join(2);
  assertEquals(desk.have(1, 0), []);
  assertEquals(desk.have(2, 1), ["2 < interested"]);
  assertEquals(desk.signal(2, "unchoke"), ["2 < request 1.0"]);
  assertEquals(desk.signal(1, "unchoke"), []);
});

Deno.test("a peer with all that it wants is done, tells so, and serves what it has", () => {
  const desk = new SwarmDesk({
    have: "#...",
    wanted: ".#..",
    blocksPerPiece: 1,
  });
  desk.join(1, EXTENDED);
  desk.join(2, FAST);
  desk.have(1, 1);
  desk.signal(1, "unchoke");
  desk.block(1, "1.0");
  const lines = desk.verified(1);
  assert(lines.includes("completed"), lines.join());
  assert(lines.some((line) => line.startsWith("1 < extended")), lines.join());
  assertEquals(desk.swarm.isDone, true);
  assertEquals(desk.swarm.have.isFull, false);
  // A newcomer sees its pieces, and gets them.
  assertEquals(desk.join(3)[0], "3 < bitfield 192");
  assertEquals(desk.signal(3, "interested"), ["3 < unchoke"]);
  assertEquals(
    desk.request(3, "0.0"),
    ["3 serve 0.0 of 16384"],
  );
});

Deno.test("a peer that is done leaves a seeder, which has nothing that it wants", () => {
  const desk = new SwarmDesk({ have: "#..", wanted: "#..", blocksPerPiece: 1 });
  desk.join(1, FAST);
  const lines = desk.signal(1, "haveAll");
  assert(lines.some((line) => line.includes("bothComplete")), lines.join());
});

Deno.test("a super-seeder announces everything to a peer that has begun, and wants nothing more of what it was told of", () => {
  const desk = new SwarmDesk({ have: "########" });
  const lines = [...desk.join(1), ...desk.join(2)];
  const first = lines.find((line) => line.startsWith("1 < have"))!;
  desk.signal(1, "interested");
  lines.push(...desk.request(1, `${first.split(" ").at(-1)}.0`));
  desk.signal(1, "notInterested");
  desk.signal(2, "interested");
  desk.apply({ type: "blockSent", peer: 1, length: 16_384 });
  lines.push(...desk.pass(3_000));
  const known = lines.filter((line) => line.startsWith("1 < have"));
  assertEquals(known.length, 8);
});

Deno.test("a super-seeder announces everything to a peer that has wanted nothing of what it was told of for 12 s", () => {
  const desk = new SwarmDesk({ have: "########" });
  const lines = [...desk.join(1), ...desk.join(2)];
  desk.signal(2, "interested");
  const announced = (peer: number): number =>
    lines.filter((line) => line.startsWith(`${peer} < have`)).length;
  // Transmission may say that it is interested 10 s after it could.
  lines.push(...desk.pass(11_000));
  assert(announced(1) < 8);
  lines.push(...desk.pass(3_000));
  assertEquals(announced(1), 8);
  assert(announced(2) < 8);
});
