/**
 * Runs one of the programs in this process and says on stderr, all the time and
 * at its end, which permissions it still has.
 *
 * Usage: permission_probe.ts create|peer|show|tracker [ARGUMENT...]
 *
 * @module
 */
import { main as create } from "../../cli/create.ts";
import { main as peer } from "../../cli/peer.ts";
import { type Main, runProgram } from "../../cli/program.ts";
import { main as show } from "../../cli/show.ts";
import { main as tracker } from "../../cli/tracker.ts";

const INTERVAL_MS = 50;

const PROGRAMS: Readonly<Record<string, Main>> = {
  create,
  peer,
  show,
  tracker,
};

/** All that Deno asks about; of the system, what the programs are given. */
const PERMISSIONS: readonly Deno.PermissionDescriptor[] = [
  { name: "read" },
  { name: "write" },
  { name: "net" },
  { name: "run" },
  { name: "env" },
  { name: "ffi" },
  { name: "sys", kind: "networkInterfaces" },
];

function tell(): void {
  const granted = PERMISSIONS.filter((permission) =>
    Deno.permissions.querySync(permission).state === "granted"
  ).map(({ name }) => name);
  const line = `still has: ${granted.join(" ")}\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(line));
}

const [name = "", ...args] = Deno.args;
setInterval(tell, INTERVAL_MS);
const code = await runProgram(PROGRAMS[name]!, args);
tell();
Deno.exit(code);
