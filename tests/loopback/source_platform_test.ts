/**
 * Names by the rules of several platforms, on a real disk.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { StorageError } from "../../lib/base/errors.ts";
import { createTorrent } from "../../lib/source/create_torrent.ts";
import { findSourceChange, scanSource } from "../../lib/source/source.ts";
import type { Platform } from "../../lib/metainfo/safe_path.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const isLinux = Deno.build.os === "linux";
const ANNOUNCE = ["http://127.0.0.1:8000/announce"];

async function putFiles(
  folder: string,
  names: readonly string[],
): Promise<void> {
  for (const name of names) await Deno.writeTextFile(join(folder, name), name);
}

Deno.test({
  name: "scanSource() refuses names by the rules of the platform",
  // Other systems cannot hold such names.
  ignore: !isLinux,
  fn: async () => {
    const cases: [names: string[], platform: Platform, reason: string][] = [
      [["a?"], "windows", '"a?" contains a character that Windows forbids'],
      [["nul.txt"], "windows", '"nul.txt" is a device name on Windows'],
      [["A", "a"], "windows", 'is the same as "A" on Windows, which ignores'],
      [["A", "a"], "darwin", 'is the same as "A" on macOS, which ignores case'],
    ];
    for (const [names, platform, reason] of cases) {
      await using folder = await temporaryFolder();
      await putFiles(folder.path, names);
      const scan = scanSource(folder.path, { platform });
      await assertRejects(() => scan, StorageError, reason);
      assertEquals((await scanSource(folder.path)).files.length, names.length);
    }
  },
});

Deno.test("scanSource() skips its output however it is spelled", async () => {
  await using folder = await temporaryFolder();
  await putFiles(folder.path, ["a", "b.torrent"]);
  const cases: [exclude: string, platform: Platform, names: string[]][] = [
    ["b.torrent", "linux", ["a"]],
    ["B.Torrent", "linux", ["a", "b.torrent"]],
    ["B.Torrent", "darwin", ["a"]],
    ["B.Torrent", "windows", ["a"]],
  ];
  for (const [exclude, platform, names] of cases) {
    const { files } = await scanSource(folder.path, {
      exclude: join(folder.path, exclude),
      platform,
    });
    assertEquals(files.map(({ path }) => path.join("/")), names);
  }
});

Deno.test("createTorrent() refuses a name by the rules of the platform, before reading", async () => {
  await using folder = await temporaryFolder();
  await putFiles(folder.path, ["a"]);
  const options = { announce: ANNOUNCE, name: "what?" } as const;
  let isReading = false;
  const onProgress = (): void => void (isReading = true);
  await assertRejects(
    () =>
      createTorrent(folder.path, {
        ...options,
        onProgress,
        platform: "windows",
      }),
    StorageError,
    'the name "what?" contains a character that Windows forbids; give another with --name',
  );
  assertEquals(isReading, false);
  if (!isLinux) return;
  const { torrent } = await createTorrent(folder.path, options);
  assertEquals(torrent.name, "what?");
});

Deno.test("createTorrent() reports the paths before it reads the files", async () => {
  await using folder = await temporaryFolder();
  await Deno.mkdir(join(folder.path, "shared", "c"), { recursive: true });
  await putFiles(join(folder.path, "shared"), ["a", join("c", "b")]);
  const told: unknown[] = [];
  const options = {
    announce: ANNOUNCE,
    name: "n",
    onPaths: (paths: unknown) => void told.push(paths),
    onProgress: () => void told.push("read"),
  };
  await createTorrent(join(folder.path, "shared"), options);
  assertEquals(told, [[["n", "a"], ["n", "c", "b"]], "read"]);
  told.length = 0;
  await createTorrent(join(folder.path, "shared", "a"), options);
  assertEquals(told, [[["n"]], "read"]);
});

Deno.test("findSourceChange() names the first file that differs", async () => {
  await using folder = await temporaryFolder();
  const dir = join(folder.path, "shared");
  const at = (name: string): string => join(dir, name);
  const changes: readonly [() => Promise<void>, name: string, what: string][] =
    [
      [() => Promise.resolve(), "", ""],
      [() => Deno.writeTextFile(at("b"), "longer"), "b", "was changed"],
      [() => Deno.remove(at("b")), "b", "is gone"],
      [() => Deno.remove(at("c")), "c", "is gone"],
      [() => Deno.writeTextFile(at("aa"), ""), "aa", "was added"],
      [() => Deno.writeTextFile(at("d"), ""), "d", "was added"],
      [() => Deno.rename(at("a"), at("e")), "a", "is gone"],
    ];
  for (const [change, name, what] of changes) {
    await Deno.mkdir(dir);
    for (const name of ["a", "b", "c"]) await Deno.writeTextFile(at(name), "x");
    const source = await scanSource(dir);
    await change();
    const expected = what === "" ? undefined : `${at(name)} ${what}`;
    assertEquals(await findSourceChange(source, dir, {}), expected);
    await Deno.remove(dir, { recursive: true });
  }
});
