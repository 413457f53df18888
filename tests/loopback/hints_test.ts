/**
 * `--similar` and `--collection` of create and share. [BEP 38]
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { infoHashFromHex, loadTorrentFile } from "../../mod.ts";
import { create } from "../../cli/create.ts";
import { spawnTask } from "../../scripts/programs/tasks.ts";
import { freePort } from "./machine.ts";
import { runJob } from "./run_job.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const ANNOUNCE = "http://127.0.0.1:8000/announce";
const HASH = "AB".repeat(20);

Deno.test("create and share name similar torrents by file and info hash, and collections", async () => {
  await using folder = await temporaryFolder();
  const [content, before, after] = ["a", "a.torrent", "b.torrent"].map((name) =>
    join(folder.path, name)
  ) as [string, string, string];
  await Deno.writeTextFile(content, "content");
  await runJob(create, [content, ANNOUNCE, before]);
  const { infoHash } = await loadTorrentFile(before);
  const flags = [
    ...["--similar", before, "--similar", HASH],
    ...["--collection", "com.example.videos"],
  ];
  const made = await runJob(create, [content, ANNOUNCE, after, ...flags]);
  assertEquals(made.code, 0);
  assertStringIncludes(made.stderr, "warning: --similar and --collection:");
  const created = await loadTorrentFile(after);
  assertEquals(created.similar, [infoHash, infoHashFromHex(HASH)]);
  assertEquals(created.collections, ["com.example.videos"]);

  const ready = async (
    ...flags: string[]
  ): Promise<Record<string, unknown>> => {
    await using share = spawnTask("share", [
      ...[content, "--json", "--port", `${freePort()}`, "--peer-port", "0"],
      ...["--host", "127.0.0.1", "--no-discovery", ...flags],
    ]);
    const { input } = await share.stdout.waitFor(/"ready"/);
    await share.stop("SIGTERM");
    return JSON.parse(input!);
  };
  // The same torrent as that of `create`; what was saved for other flags is not taken.
  const plain = await ready();
  const hinted = await ready(...flags);
  assertEquals([plain.infoHash, plain.hashed], [infoHash, true]);
  assertEquals([hinted.infoHash, hinted.hashed], [created.infoHash, true]);
  assertEquals((await ready(...flags)).hashed, false);
});

Deno.test("create says what is wrong with a file of --similar", async () => {
  await using folder = await temporaryFolder();
  const content = join(folder.path, "a");
  await Deno.writeTextFile(content, "content");
  const missing = join(folder.path, "missing");
  for (
    const [path, code, reason] of [
      [missing, 1, "missing: it does not exist"],
      [content, 3, "is not bencode"],
    ] as const
  ) {
    const args = [content, ANNOUNCE, `${content}.torrent`, "--similar", path];
    const result = await runJob(create, args);
    assertEquals(result.code, code);
    assertStringIncludes(result.stderr, reason);
  }
});
