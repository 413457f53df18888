import { runCommand } from "../../scripts/programs/running_program.ts";
import { taskArguments } from "../../scripts/programs/tasks.ts";
import { testUnless } from "../test_unless.ts";
import { PROCESS_CASES } from "./process_cases.ts";

const isLinux = Deno.build.os === "linux";
const mayUnshare = isLinux && (await runCommand("sh", [
      ...["-c", "unshare --pid --fork --mount-proc true"],
    ])).code === 0;

for (const { name, fn, needsRoot = false } of PROCESS_CASES) {
  const missing = !isLinux
    ? "/dev/full and /proc are Linux's"
    : needsRoot && !mayUnshare
    ? "unshare needs the rights of root"
    : undefined;
  testUnless(
    missing,
    name,
    () => fn((program) => [Deno.execPath(), ...taskArguments(program)]),
  );
}
