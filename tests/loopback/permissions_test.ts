/**
 * What the programs may do: what their tasks ask for, and what is left of it once
 * the command line is known.
 */
import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { RunningProgram } from "../../scripts/programs/running_program.ts";
import { type ProgramName, taskParts } from "../../scripts/programs/tasks.ts";
import { REPOSITORY } from "../../scripts/repository.ts";
import { LocalSwarm } from "./local_swarm.ts";

const PROBE = fromFileUrl(new URL("permission_probe.ts", import.meta.url));

/**
 * All that the programs may ask for. `-R` and `-W` are for any folder, as nobody
 * knows before which one a user means; `--allow-run` is for `--on-complete`.
 */
const MAY_ASK_FOR = {
  tracker: ["-N", "-R", "-W", "--allow-sys=networkInterfaces"],
  peer: ["-N", "-R", "-W", "--allow-run"],
  create: ["-R", "-W"],
  show: ["-N", "-R"],
} as const satisfies Partial<Record<ProgramName, readonly string[]>>;

Deno.test("the programs ask for no more permissions than the table says", () => {
  for (const [name, permissions] of Object.entries(MAY_ASK_FOR)) {
    const { flags } = taskParts(name as ProgramName);
    const asked = flags.filter((flag) => !flag.startsWith("--v8-flags="));
    assertEquals(asked, [...permissions], name);
  }
});

/** Starts a program that says which permissions it has. */
function probe(
  name: keyof typeof MAY_ASK_FOR,
  ...args: string[]
): RunningProgram {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-check", `--config=${REPOSITORY}deno.json`],
      ...[...taskParts(name).flags, PROBE, name, ...args],
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  return new RunningProgram(`${name} with a probe`, command.spawn());
}

/** Runs a program until it has these permissions and no others. */
async function assertKeeps(
  permissions: string,
  ...command: Parameters<typeof probe>
): Promise<void> {
  await using program = probe(...command);
  await program.stderr.waitFor(new RegExp(`^still has: ${permissions}$`));
}

Deno.test("tracker gives up what its flags have no use for", async () => {
  await using swarm = await LocalSwarm.open();
  const at = ["0", "--host=127.0.0.1"];
  await assertKeeps("", "tracker", ...at);
  await assertKeeps("net", "tracker", ...at, "--udp");
  await assertKeeps("read", "tracker", ...at, "--torrents", swarm.folder);
  const store = `sqlite:${join(swarm.folder, "store")}`;
  await assertKeeps("", "tracker", ...at, "--store", store);
});

Deno.test("peer gives up what its flags have no use for", async () => {
  await using swarm = await LocalSwarm.open();
  const { path, source } = await swarm.publish("a.bin", { files: { "": 10 } });
  const sharing = [path, "--dir", source, "--host=127.0.0.1", "--port=0"];
  await assertKeeps("read write net", "peer", ...sharing);
  await assertKeeps(
    ...["read write net run", "peer", ...sharing] as const,
    "--on-complete=true",
  );
});

Deno.test("create and show give up what they have no use for, as parts of peer too", async () => {
  await using swarm = await LocalSwarm.open();
  const { path, source } = await swarm.publish("a.bin", { files: { "": 10 } });
  const making = [
    ...[join(source, "a.bin"), "http://192.0.2.1:8000/announce"],
    ...[join(swarm.folder, "new.torrent"), "--force"],
  ];
  await assertKeeps("read write", "create", ...making);
  await assertKeeps("read write", "peer", "create", ...making);
  await assertKeeps("read", "show", path);
  await assertKeeps("read", "peer", "show", path);
  const url = new URL("/torrents/a.torrent", swarm.tracker.announceUrl).href;
  await assertKeeps("net", "show", url);
  await assertKeeps("net", "peer", "show", url);
});
