import { assertEquals, assertThrows } from "@std/assert";
import { parseShareJob, seederJob } from "../../../cli/share_job.ts";
import { UsageError } from "../../../cli/program_error.ts";

Deno.test("parseShareJob() reads paths and flags", () => {
  const job = parseShareJob(["a/images", "b.iso", "--expect", "40"]);
  assertEquals(job.paths, ["a/images", "b.iso"]);
  assertEquals(
    [job.port, job.peerPort, job.expect, job.isPrivate],
    [8000, 6881, 40, false],
  );
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
      [["a", "--quiet", "--json"], "--quiet and --json"],
    ] as const
  ) {
    assertThrows(() => parseShareJob(args), UsageError, reason);
  }
});
