/** The next version of a folder or a file: `--from` fetches only what is new. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { sha256Of } from "../../scripts/programs/sample_file.ts";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { freePort } from "./machine.ts";
import { makeContent } from "./memory_torrent.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const LOCAL = ["--host", "127.0.0.1", "--no-discovery"];

interface Fetched {
  /** Bytes that were downloaded. */
  readonly downloaded: number;
  /** Number of old files that were taken, and of those that were linked. */
  readonly fileCount: number;
  readonly linkedCount: number;
  /** Reasons for copies. */
  readonly copied: unknown;
  /** Files that were reported as complete. */
  readonly completeCount: number;
}

/** Shares `name` of a folder, and fetches it into another folder with the help of an old one. */
async function fetchWithHelp(
  folder: string,
  name: string,
  old: string,
  ...more: string[]
): Promise<Fetched> {
  const port = freePort();
  const torrent = join(folder, "x.torrent");
  await using tracker = spawnTask("tracker", [
    ...[`${port}`, "--host", "127.0.0.1"],
  ]);
  await tracker.stdout.waitFor(/announce/);
  const url = `http://127.0.0.1:${port}/announce`;
  const made = await runTask("create", [
    ...[join(folder, name), url, torrent, "--align"],
  ]);
  assertEquals(made.code, 0, made.stderr);
  const flags = ["--port", "0", ...LOCAL];
  await using seeder = spawnTask("peer", [torrent, "--dir", folder, ...flags]);
  await seeder.stdout.waitFor(/seeding/);
  const copies = join(folder, "copies");
  const { code, stdout, stderr } = await runTask("peer", [
    ...[torrent, "--dir", copies, "--from", old, ...flags, ...more],
    ...["--exit-when-complete", "--json"],
  ]);
  assertEquals(code, 0, stderr);
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const order = lines.map(({ type }) => type);
  const begin = order.indexOf("takingOldFiles");
  assert(begin >= 0 && begin < order.indexOf("verifying"), `${order}`);
  const { downloaded } = lines.findLast(({ type }) => type === "status");
  const { fileCount, linkedCount, copied } = lines.find(({ type }) =>
    type === "oldFilesTaken"
  );
  const completeCount = order.filter((type) => type === "fileComplete").length;
  return { downloaded, fileCount, linkedCount, copied, completeCount };
}

Deno.test("a file of which 1 % has changed moves little more than that, and the old one stays as it is", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  const content = makeContent("image", 32 * 2 ** 20);
  const old = join(path, "image-1.bin");
  await Deno.writeFile(old, content);
  // A file that must not be written makes no copy that cannot be.
  await Deno.chmod(old, 0o444);
  const before = await Deno.stat(old);
  content.fill(7, 10 * 2 ** 20, 10 * 2 ** 20 + content.length / 100);
  await Deno.writeFile(join(path, "image.bin"), content);
  const { downloaded } = await fetchWithHelp(path, "image.bin", old);
  assert(downloaded <= 4 * 262_144, `${downloaded}`);
  assertEquals(
    await sha256Of(join(path, "copies", "image.bin")),
    await sha256Of(join(path, "image.bin")),
  );
  const { mtime, size, mode } = await Deno.stat(old);
  assertEquals({ mtime, size, mode }, {
    ...{ mtime: before.mtime, size: before.size, mode: before.mode },
  });
});

Deno.test("a file that is new in a folder moves alone, and a renamed one not at all", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  const [old, next] = ["folder-1", "folder"].map((name) => join(path, name));
  for (const dir of [old!, next!]) await Deno.mkdir(dir);
  for (let index = 0; index < 20; index++) {
    const content = makeContent(`${index}`, 300_000 + index);
    await Deno.writeFile(join(old!, `${index}.bin`), content);
    const name = index === 3 ? "renamed.bin" : `${index}.bin`;
    await Deno.writeFile(join(next!, name), content);
  }
  const added = makeContent("added", 200_000);
  await Deno.writeFile(join(next!, "0-added.bin"), added);
  const fetched = await fetchWithHelp(path, "folder", old!);
  const { downloaded, fileCount, completeCount } = fetched;
  assertEquals([fileCount, completeCount], [20, 21]);
  // With its padding.
  assert(downloaded <= 262_144, `${downloaded}`);
  for (const { name } of Deno.readDirSync(next!)) {
    assertEquals(
      await sha256Of(join(path, "copies", "folder", name)),
      await sha256Of(join(next!, name)),
      name,
    );
  }
});

Deno.test({
  name:
    "with --link, what has not changed is the old file itself, and that stays as it is",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await temporaryFolder();
    const { path } = folder;
    const [old, next] = ["folder-1", "folder"].map((name) => join(path, name));
    for (const dir of [old!, next!]) await Deno.mkdir(dir);
    for (let index = 0; index < 6; index++) {
      const content = makeContent(`${index}`, 2 ** 20);
      await Deno.writeFile(join(old!, `${index}`), content);
      await Deno.chmod(join(old!, `${index}`), index === 1 ? 0o666 : 0o644);
      if (index === 2) content.fill(7, 0, 100);
      await Deno.writeFile(join(next!, `${index}`), content);
    }
    const state = (): Promise<unknown[]> =>
      Promise.all([0, 1, 2, 3, 4, 5].map(async (index) => {
        const file = join(old!, `${index}`);
        const { mode, mtime, ino } = await Deno.stat(file);
        return { mode, mtime, ino, hash: await sha256Of(file) };
      }));
    const before = await state();
    const fetched = await fetchWithHelp(
      ...[path, "folder", old!, "--link", "--atomic"] as const,
    );
    assertEquals(fetched.fileCount, 6);
    assertEquals(fetched.linkedCount, 4);
    assertEquals(fetched.copied, { exposed: 1, different: 1 });
    assert(fetched.downloaded <= 262_144, `${fetched.downloaded}`);
    for (let index = 0; index < 6; index++) {
      const copy = join(path, "copies", "folder", `${index}`);
      assertEquals(
        await sha256Of(copy),
        await sha256Of(join(next!, `${index}`)),
      );
      const isLinked = (await Deno.stat(copy)).ino ===
        (await Deno.stat(join(old!, `${index}`))).ino;
      assertEquals(isLinked, index !== 1 && index !== 2, `${index}`);
    }
    assertEquals(await state(), before);
  },
});
