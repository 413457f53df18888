/**
 * Runs one of the programs in this process and prints to stderr, repeatedly and at
 * its end, the permissions that it still has.
 *
 * Usage: permission_probe.ts create|peer|show|tracker [ARGUMENT...]
 *
 * @module
 */
import { create } from "../../cli/create.ts";
import { peer } from "../../cli/peer.ts";
import { runProgram } from "../../cli/program.ts";
import { show } from "../../cli/show.ts";
import { tracker } from "../../cli/tracker.ts";

const INTERVAL_MS = 50;

type ProgramName = "create" | "peer" | "show" | "tracker";

/** Everything that Deno grants; of `sys`, the kind that the programs get. */
const PERMISSIONS: readonly Deno.PermissionDescriptor[] = [
  { name: "read" },
  { name: "write" },
  { name: "net" },
  { name: "run" },
  { name: "env" },
  { name: "ffi" },
  { name: "sys", kind: "networkInterfaces" },
];

function writePermissions(): void {
  const granted = PERMISSIONS.filter((permission) =>
    Deno.permissions.querySync(permission).state === "granted"
  ).map(({ name }) => name);
  const line = `still has: ${granted.join(" ")}\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(line));
}

async function runNamed(
  name: ProgramName,
  args: readonly string[],
): Promise<number> {
  switch (name) {
    case "create":
      return await runProgram(create, { args });
    case "peer":
      return await runProgram(peer, { args });
    case "show":
      return await runProgram(show, { args });
    case "tracker":
      return await runProgram(tracker, { args });
  }
}

const [name, ...args] = Deno.args;
setInterval(writePermissions, INTERVAL_MS);
const code = await runNamed(name as ProgramName, args);
writePermissions();
Deno.exit(code);
