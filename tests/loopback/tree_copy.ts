/**
 * Trees of files and links that the programs share and fetch, and what rsync finds in
 * a copy.
 */
import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import type { Torrent } from "../../mod.ts";
import { runCommand } from "../../scripts/programs/running_program.ts";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { freePort } from "./machine.ts";
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

/**
 * A model cache of Hugging Face: files by their hash, and links to them by name.
 * @param unit Length of the first shard, in bytes; the next ones are longer.
 */
export async function makeModelCache(
  model: string,
  unit = 500_000,
): Promise<void> {
  const names = [
    ...["config.json", "model-1.safetensors", "model-2.safetensors"],
    "onnx/model.onnx",
  ];
  for (const [index, name] of names.entries()) {
    const blob = `${index}`.repeat(40);
    await makeFile(join(model, "blobs", blob), unit * index + 600);
    const up = "../".repeat(name.split("/").length + 1);
    await makeLink(
      join(model, "snapshots", "5a1c", name),
      `${up}blobs/${blob}`,
    );
  }
  await Deno.mkdir(join(model, "refs"));
  await Deno.writeTextFile(join(model, "refs", "main"), "5a1c");
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

/** Compares everything but times and owners, and content by its bytes. */
const CONTENT_FLAGS = [
  ...["--recursive", "--links", "--perms", "--hard-links", "--checksum"],
];

/**
 * The differences that rsync finds between a folder and its copy: a line each, in its
 * letters. `c` is what is missing in the copy, `>f` a file of other content.
 */
export async function differences(
  source: string,
  copy: string,
  flags: readonly string[] = CONTENT_FLAGS,
): Promise<string[]> {
  const { code, stdout, stderr } = await runCommand("rsync", [
    ...flags,
    ...["--delete", "--dry-run", "--itemize-changes"],
    ...[`${source}/`, `${copy}/`],
  ]);
  assertEquals([code, stderr], [0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
}

/** A test of links, on systems that make them. */
export function linkTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: Deno.build.os === "windows", fn });
}

/** Makes files of a few bytes, and links (`path -> text`), below a folder. */
export async function makeTree(
  dir: string,
  ...entries: string[]
): Promise<void> {
  for (const entry of entries) {
    const [path, text] = entry.split(" -> ");
    const place = join(dir, path!);
    await Deno.mkdir(dirname(place), { recursive: true });
    if (text === undefined) await Deno.writeTextFile(place, path!);
    else await Deno.symlink(text, place);
  }
}

/** The entries of a torrent: `path`, or `path -> target` for a link. */
export function contents({ files }: Torrent): string[] {
  return files.map(({ path, linkTarget }) => {
    const own = path.slice(1).join("/");
    return linkTarget ? `${own} -> ${linkTarget.slice(1).join("/")}` : own;
  });
}
