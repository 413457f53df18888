import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UsageError } from "../../../cli/program_error.ts";
import {
  expectationOf,
  parseShareJob,
  seederJob,
} from "../../../cli/share_job.ts";

Deno.test("parseShareJob() reads paths and flags", () => {
  const job = parseShareJob(["a/images", "b.iso", "--expect", "40"]);
  assertEquals(job.paths, ["a/images", "b.iso"]);
  assertEquals(
    [job.port, job.peerPort, job.expect, job.isPrivate],
    [8000, 6881, { type: "count", count: 40 }, false],
  );
  const named = parseShareJob(["a", "--expect", "lab[1-2], x", "--stay"]);
  assertEquals(named.expect, { type: "hosts", names: ["lab1", "lab2", "x"] });
  const listed = parseShareJob(["a", "--expect", "@my hosts"]);
  assertEquals(listed.expect, { type: "file", path: "my hosts" });
});

Deno.test("seederJob() seeds only, on the port for peers", () => {
  const { port, seedOnly, exitWhenComplete } = seederJob(
    parseShareJob(["x", "--port", "9000", "--peer-port", "7000"]),
  );
  assertEquals([port, seedOnly, exitWhenComplete], [7000, true, false]);
});

Deno.test("parseShareJob() refuses what no share can mean", () => {
  for (
    const [args, reason] of [
      [[], "no PATH is given"],
      [["a", "b", "--name", "c"], "--name is for one PATH"],
      [["a.torrent", "--name", "c"], "--name: a torrent file is shared as it"],
      [["a", "--expect", "0"], "--expect: "],
      [["a", "--expect", "lab[3-1]"], "--expect: "],
      [["a", "--stay"], "--stay goes on after --expect"],
      [["a", "--by", "25:00"], "--by: "],
      [["a", "--at-least", "0"], "--at-least: "],
      [["a", "--quiet", "--json"], "--quiet and --json"],
    ] as const
  ) {
    assertThrows(() => parseShareJob(args), UsageError, reason);
  }
});

Deno.test("expectationOf() refuses more at least than there are", async () => {
  const args = ["a", "--expect", "lab[1-3]", "--at-least"];
  const enough = await expectationOf(parseShareJob([...args, "3"]));
  assertEquals(enough?.type, "hosts");
  await assertRejects(
    () => expectationOf(parseShareJob([...args, "4"])),
    UsageError,
    "--at-least is more than the 3 of --expect",
  );
});
