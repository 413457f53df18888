/**
 * A program `peer` with a low limit of open files.
 *
 * @module
 */
import { RunningProgram } from "../../scripts/programs/running_program.ts";
import { taskArguments } from "../../scripts/programs/tasks.ts";

/** Starts `peer` with at most `handleCount` file descriptors. */
export function spawnLimitedPeer(
  handleCount: number,
  ...args: string[]
): RunningProgram {
  const command = new Deno.Command("sh", {
    args: [
      ...["-c", `ulimit -n ${handleCount}; exec "$@"`, "sh"],
      ...[Deno.execPath(), ...taskArguments("peer")],
      ...["--host=127.0.0.1", "--port=0", ...args],
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  return new RunningProgram("peer", command.spawn());
}
