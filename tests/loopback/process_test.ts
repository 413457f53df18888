import { taskArguments } from "../../scripts/programs/tasks.ts";
import { PROCESS_CASES } from "./process_cases.ts";

for (const { name, fn, needsRoot = false } of PROCESS_CASES) {
  Deno.test({
    name,
    // /dev/full, /proc and unshare are Linux's.
    ignore: Deno.build.os !== "linux" || (needsRoot && Deno.uid() !== 0),
    fn: () => fn((program) => [Deno.execPath(), ...taskArguments(program)]),
  });
}
