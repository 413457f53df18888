/**
 * Runs a tracker, a creator, a seeder and a leecher as jobs of this one process, and
 * prints to stderr the permissions that remain as they start and end.
 *
 * Usage: several_jobs.ts FILE FOLDER COMMAND
 * FILE is shared and FOLDER gets a copy; COMMAND runs when the copy is complete.
 */
import { dirname, join } from "@std/path";
import { Console } from "../../cli/console.ts";
import { create } from "../../cli/create.ts";
import { listenForInterrupt } from "../../cli/interrupt.ts";
import { peer } from "../../cli/peer.ts";
import type { JobPermissions, Program } from "../../cli/program.ts";
import { tracker } from "../../cli/tracker.ts";
import { LineLog } from "../../scripts/programs/running_program.ts";

const PERMISSIONS = [
  { name: "read" },
  { name: "write" },
  { name: "net" },
  { name: "run" },
  { name: "sys", kind: "networkInterfaces" },
] as const;

function writePermissions(when: string): void {
  const granted = PERMISSIONS.filter((permission) =>
    Deno.permissions.querySync(permission).state === "granted"
  ).map(({ name }) => name);
  console.writeErrorLine(`${when}: ${granted.join(" ")}`);
}

const [file, folder, command] = Deno.args as [string, string, string];
const printed = new TransformStream<Uint8Array<ArrayBuffer>>();
const printing = printed.writable.getWriter();
const stdout = new LineLog("stdout", printed.readable);
const console = new Console({
  stdout: {
    async write(bytes: Uint8Array): Promise<number> {
      await printing.write(bytes.slice());
      return await Deno.stdout.write(bytes);
    },
    isTerminal: () => false,
  },
  stderr: Deno.stderr,
  size: () => ({ columns: 80, rows: 24 }),
  canMoveCursor: false,
});
const interrupt = listenForInterrupt();
/** The permissions that each job which has not ended keeps. */
const kept = new Map<JobPermissions, readonly Deno.PermissionName[]>();
const ending = new AbortController();
const signal = AbortSignal.any([interrupt.signal, ending.signal]);

/** Revokes the permissions that no job keeps. */
async function revokeUnused(): Promise<void> {
  for (const { name } of PERMISSIONS) {
    const isKept = [...kept.values()].some((names) => names.includes(name));
    if (!isKept) await Deno.permissions.revoke({ name });
  }
}

/** Makes the permissions of one more job, and the function that runs it. */
function prepare(
  program: Program,
): (...args: string[]) => Promise<number> {
  const permissions: JobPermissions = {
    keepOnly: async (...names) => {
      kept.set(permissions, names);
      await revokeUnused();
    },
  };
  kept.set(permissions, PERMISSIONS.map(({ name }) => name));
  return async (...args) => {
    const job = await program(args);
    const code = await job({ console, signal, permissions }) ?? 0;
    kept.delete(permissions);
    if (kept.size > 0) await revokeUnused();
    return code;
  };
}

const [runTracker, runCreate] = [prepare(tracker), prepare(create)];
const [runSeeder, runLeecher] = [prepare(peer), prepare(peer)];
writePermissions("at first");

const tracking = runTracker("0", "--host=127.0.0.1", "--quiet");
const [, announceUrl] = await stdout.waitFor(/^announce +(\S+)/);
const torrent = join(folder, "shared.torrent");
const made = await runCreate(file, announceUrl!, torrent);
const host = ["--host=127.0.0.1", "--port=0", "--state", join(folder, "state")];
const seeding = runSeeder(torrent, "--dir", dirname(file), ...host);
await stdout.waitFor(/: verified and complete; seeding/);
writePermissions("while seeding");
const fetched = await runLeecher(
  ...[torrent, "--dir", folder, "--exit-when-complete", ...host],
  ...["--on-complete", command],
);
writePermissions("without the leecher");
ending.abort();
const ended = await Promise.all([tracking, seeding]);
console.writeErrorLine(`exit codes: ${[made, fetched, ...ended].join(" ")}`);
await console.end();
Deno.exit();
