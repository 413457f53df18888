/**
 * Ctrl+C in a terminal, which reaches a program twice within milliseconds: from the
 * terminal and from `deno task`.
 */
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import {
  type ProgramResult,
  runCommand,
  RunningProgram,
} from "../../scripts/programs/running_program.ts";
import { REPOSITORY } from "../../scripts/programs/tasks.ts";
import { spawnTask } from "../../scripts/programs/tasks.ts";
import { LocalSwarm, spawnPeer } from "./local_swarm.ts";
import { timed } from "./share.ts";
import { SilentTracker } from "./silent_tracker.ts";

/** Delays between the two signals as measured in a terminal, in milliseconds. */
const ECHO_DELAYS_MS = [0, 1, 20];

/** Far longer than it takes to leave, on a machine under load too. */
const LONGEST_LEAVE_MS = 20_000;

async function pressCtrlC(
  program: RunningProgram,
  echoDelayMs: number,
): Promise<ProgramResult> {
  program.signal("SIGINT");
  await delay(echoDelayMs);
  program.signal("SIGINT");
  return await program.ended();
}

for (const echoDelayMs of ECHO_DELAYS_MS) {
  Deno.test(`peer leaves the swarm and exits with 0 on a Ctrl+C that arrives again after ${echoDelayMs} ms`, async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("a.bin", { files: { "": 4_000_000 } });
    await using leecher = spawnPeer(
      ...[shared.path, "--dir", join(swarm.folder, "copy")],
      ...["--max-download", "20000"],
    );
    await leecher.stdout.waitFor(/tracker \S+ answers/);
    await swarm.untilCounts(shared, [1, 1]);

    const elapsedMs = await timed(async () => {
      const { code, stderr } = await pressCtrlC(leecher, echoDelayMs);
      assertEquals([code, stderr], [0, ""]);
    });
    assertLess(elapsedMs, LONGEST_LEAVE_MS);
    await swarm.untilCounts(shared, [1, 0]);
  });

  Deno.test(`tracker exits with 0 on a Ctrl+C that arrives again after ${echoDelayMs} ms`, async () => {
    await using tracker = spawnTask("tracker", ["0", "--host=127.0.0.1"]);
    await tracker.stdout.waitFor(/^announce /);
    const { code, stderr } = await pressCtrlC(tracker, echoDelayMs);
    assertEquals([code, stderr], [0, ""]);
  });
}

/** Starts a command in a terminal of its own; `keyboard` types into it. */
function spawnInTerminal(
  command: readonly string[],
): { program: RunningProgram; keyboard: WritableStream<Uint8Array> } {
  // -q no banner, -e the command's exit code, -f no buffering, -c the command.
  const process = new Deno.Command("script", {
    args: ["-qefc", command.map((word) => `'${word}'`).join(" "), "/dev/null"],
    cwd: REPOSITORY,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const program = new RunningProgram("script", process);
  return { program, keyboard: process.stdin };
}

Deno.test({
  name: "deno task peer leaves the swarm on Ctrl+C in a terminal",
  // The program `script` of other systems has other flags.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("a.bin", { files: { "": 4_000_000 } });
    const { program, keyboard } = spawnInTerminal([
      ...[Deno.execPath(), "task", "peer", shared.path],
      ...["--dir", join(swarm.folder, "copy"), "--max-download", "20000"],
      ...["--host=127.0.0.1", "--port=0"],
    ]);
    await using terminal = program;
    await terminal.stdout.waitFor(/tracker \S+ answers/);
    await swarm.untilCounts(shared, [1, 1]);

    const writer = keyboard.getWriter();
    await writer.write(Uint8Array.of(0x03));
    const { code, stdout } = await terminal.ended();
    await writer.close();
    assertMatch(stdout, /a\.bin: .* of 3\.8 MiB verified/);
    // 130 is deno task itself (2.9.6): on a busy machine it sees the Ctrl+C only
    // after its program has exited, and is killed by it.
    assert([0, 130].includes(code), stdout);
    await swarm.untilCounts(shared, [1, 0]);
  },
});

Deno.test({
  name:
    "a peer that has given up the permission to write asks for nothing when it ends",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("a.bin", { files: { "": 100_000 } });
    // A folder of its own: only one peer shares a torrent from a folder.
    const copy = join(swarm.folder, "copy");
    await Deno.mkdir(copy);
    await Deno.copyFile(join(shared.source, "a.bin"), join(copy, "a.bin"));
    const { program, keyboard } = spawnInTerminal([
      ...[Deno.execPath(), "task", "peer", shared.path, "--seed-only"],
      ...["--dir", copy, "--host=127.0.0.1", "--port=0", "--no-discovery"],
    ]);
    await using terminal = program;
    await terminal.stdout.waitFor(/verified and complete; seeding/);
    await swarm.untilCounts(shared, [2, 0]);
    const writer = keyboard.getWriter();
    await writer.write(Uint8Array.of(0x03));
    const { stdout } = await terminal.ended();
    await writer.close();
    assert(!stdout.includes("requests"), stdout);
  },
});

Deno.test({
  name: "a peer leaves the swarm when its terminal closes",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("a.bin", { files: { "": 4_000_000 } });
    // A pipe that the peer holds open: it is no child of the test.
    const pipe = join(swarm.folder, "pipe");
    assertEquals((await runCommand("mkfifo", [pipe])).code, 0);
    const { program: terminal, keyboard } = spawnInTerminal([
      ...["sh", "-c", `exec "$@" 9>"${pipe}"`, "sh"],
      ...[Deno.execPath(), "task", "peer", shared.path],
      ...["--dir", join(swarm.folder, "copy"), "--max-download", "20000"],
      ...["--host=127.0.0.1", "--port=0"],
    ]);
    const ended = Deno.readFile(pipe);
    await terminal.stdout.waitFor(/tracker \S+ answers/);
    await swarm.untilCounts(shared, [1, 1]);
    // The kernel hangs the terminal up when the program that opened it is gone.
    await terminal.stop("SIGKILL");
    await keyboard.abort();
    await swarm.untilCounts(shared, [1, 0]);
    // Only then does it write nothing more into the folder.
    assertEquals((await ended).length, 0);
  },
});

Deno.test("a second Ctrl+C, a second after the first, cuts a leaving peer short with 130", async () => {
  await using swarm = await LocalSwarm.open();
  // It takes more than a second to give up on a tracker that does not answer.
  using silent = new SilentTracker();
  await using seeder = await silent.spawnSeeder(swarm);
  seeder.signal("SIGINT");
  // It announces that it stops. Then it stands still, so that its time to leave is
  // not over before the second one, however busy this machine is.
  await silent.connected();
  seeder.signal("SIGSTOP");
  await delay(1_000);
  seeder.signal("SIGINT");
  const { code } = await seeder.stop("SIGCONT");
  assertEquals(code, 130);
});
