import { assert, assertEquals, assertMatch } from "@std/assert";
import { runTask } from "../../scripts/programs/tasks.ts";

const SMALL = ["--peers", "20", "--pieces", "50"];

/** All but how long it took, which is another each time. */
function withoutTime(text: string): string {
  return text.replace(/the simulation took .*/, "");
}

Deno.test("simulate prints the same figures and curve for the same seed", async () => {
  const [first, second, other] = [
    await runTask("simulate", SMALL),
    await runTask("simulate", SMALL),
    await runTask("simulate", [...SMALL, "--seed", "2"]),
  ];
  assertEquals([first.code, first.stderr], [0, ""]);
  assertEquals(withoutTime(second.stdout), withoutTime(first.stdout));
  assertEquals(other.stdout.includes("seed 2"), true);
  assertMatch(first.stdout, /^last +\d\.\d{3} s +\d\.\d{3} × the bound$/m);
  assertMatch(first.stdout, /^all remaining leechers are complete$/m);
  assertMatch(first.stdout, /^ {8}█ complete /m);
  assertMatch(first.stdout, /^the simulation took \d+\.\d s$/m);
});

Deno.test("simulate writes its figures as JSON", async () => {
  const { code, stdout } = await runTask("simulate", [
    ...[...SMALL, "--slow", "5", "--leave", "2", "--seeder-leaves"],
    "--json",
  ]);
  assertEquals(code, 0);
  const { fast, slow, connections } = JSON.parse(stdout);
  assertEquals(fast.incompleteCount + slow.incompleteCount, 0);
  assertEquals(fast.completionsMs.length + slow.completionsMs.length, 18);
  assertEquals(slow.boundMs, 50 * 256 * 1024 / 12_500);
  // Of 20 hosts and the seeder, none has more than 20 others.
  assert(connections.most > 1 && connections.most <= 20);
});

Deno.test("simulate refuses --leave 20", async () => {
  const { code, stderr } = await runTask("simulate", [...SMALL, "--leave=20"]);
  assertEquals(code, 2);
  assertMatch(stderr, /--leave 20 leaves no leecher/);
});
