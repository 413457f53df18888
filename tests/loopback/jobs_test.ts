/**
 * Several programs as jobs of one process, each of which gives up the permissions
 * that it does not need.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { runCommand } from "../../scripts/programs/running_program.ts";
import { sha256Of } from "../../scripts/programs/sample_file.ts";
import { REPOSITORY } from "../../scripts/programs/tasks.ts";
import { makeContent } from "./memory_torrent.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const SEVERAL_JOBS = fromFileUrl(new URL("several_jobs.ts", import.meta.url));

Deno.test("a tracker, a creator, a seeder and a leecher share a file as jobs of one process", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "a.bin");
  const copies = join(folder.path, "copies");
  await Deno.mkdir(copies);
  await Deno.writeFile(file, makeContent("jobs", 3_000_000));
  const { code, stdout, stderr } = await runCommand(Deno.execPath(), [
    ...["run", "--no-prompt", `--config=${REPOSITORY}deno.json`],
    ...[
      "-N",
      "-R",
      "-W",
      "--allow-run",
      "--allow-sys=networkInterfaces,hostname",
    ],
    ...[SEVERAL_JOBS, file, copies, `'${Deno.execPath()}' --version`],
  ]);
  assertEquals(
    stderr,
    [
      "at first: read write net run sys",
      // The tracker and the creator have given up theirs, the leecher not yet.
      "while seeding: read write net run sys",
      "without the leecher: read write net sys",
      "exit codes: 0 0 0 0",
      "",
    ].join("\n"),
  );
  assertEquals(code, 0);
  assertMatch(stdout, /^deno \d/m);
  assertEquals(await sha256Of(join(copies, "a.bin")), await sha256Of(file));
});
