/**
 * Runs one of the programs in this process and prints to stderr, repeatedly and at
 * its end, the permissions that it still has.
 *
 * Usage: permission_probe.ts COMMAND [ARGUMENT...]
 */
import { lanswarm } from "../../cli/lanswarm.ts";
import { runProgram } from "../../cli/program.ts";

const INTERVAL_MS = 50;

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

setInterval(writePermissions, INTERVAL_MS);
const code = await runProgram(lanswarm);
writePermissions();
Deno.exit(code);
