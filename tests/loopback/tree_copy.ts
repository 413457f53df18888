/**
 * Trees of files that the programs share and fetch, and what rsync finds in a copy.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { dirname } from "@std/path";
import { runCommand } from "../../scripts/programs/running_program.ts";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { freePort } from "./free_port.ts";
import { makeContent } from "./memory_torrent.ts";

export const LOCAL = ["--host", "127.0.0.1", "--no-discovery"];
/** A file; `mode` is given where it is no usual one. */
export async function makeFile(
  path: string,
  length: number,
  mode = 0o644,
): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeFile(path, makeContent(path, length));
  await Deno.chmod(path, mode);
}

export async function makeLink(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.symlink(text, path);
}

/** Shares a folder and fetches it to `copies`. */
export async function copy(
  source: string,
  copies: string,
  ...args: readonly string[]
): Promise<{ readonly warnings: string }> {
  const port = freePort();
  const flags = ["--port", `${port}`, "--peer-port", "0", ...LOCAL];
  await using share = spawnTask("share", [source, ...flags]);
  await share.stdout.waitFor(/: \d+ files?.*, \d/);
  const { code, stderr } = await runTask("get", [
    ...[`127.0.0.1:${port}`, "--dir", copies, "--port", "0", ...LOCAL],
    ...["--exit-when-complete", ...args],
  ]);
  assertEquals([code, stderr], [0, ""]);
  const { stderr: warnings } = await share.stop("SIGTERM");
  return { warnings };
}

/**
 * The differences that rsync finds between a folder and its copy: a line each, in its
 * letters. `c` is what is missing in the copy, `>f` a file of other content.
 */
export async function differences(
  source: string,
  copy: string,
): Promise<string[]> {
  const { code, stdout, stderr } = await runCommand("rsync", [
    ...["--recursive", "--links", "--perms", "--hard-links", "--checksum"],
    ...["--delete", "--dry-run", "--itemize-changes"],
    ...[`${source}/`, `${copy}/`],
  ]);
  assertEquals([code, stderr], [0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
}
