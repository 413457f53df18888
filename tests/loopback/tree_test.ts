/**
 * A folder as people keep them, shared and fetched by the programs, and compared with
 * its copy by rsync: programs, links, empty files and folders, odd names. Times and
 * owners are not part of a torrent.
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { delay } from "@std/async/delay";
import { equals } from "@std/bytes/equals";
import { join } from "@std/path";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { freePort } from "./machine.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import {
  copy,
  differences,
  LOCAL,
  makeFile,
  makeLink,
  makeModelCache,
} from "./tree_copy.ts";

const isLinux = Deno.build.os === "linux";

Deno.test({
  name:
    "rsync finds no difference between a tree and its copy but empty folders",
  ignore: !isLinux,
  fn: async () => {
    await using folder = await temporaryFolder();
    const source = join(folder.path, "source", "tree");
    await makeFile(join(source, "image.img"), 3_000_000);
    await makeFile(join(source, "bin", "run.sh"), 100, 0o755);
    await makeFile(join(source, "bin", "empty"), 0, 0o755);
    await makeFile(join(source, "empty"), 0);
    await makeFile(join(source, ".hidden", "日本語 🎬.mkv"), 70_000);
    await makeFile(join(source, "releases", "5", "a"), 20_000);
    await makeLink(join(source, "current"), "releases/5");
    await makeLink(join(source, "bin", "start"), "run.sh");
    await makeLink(join(source, "a link"), ".hidden/日本語 🎬.mkv");
    await makeFile(join(source, "decomposed e\u0301"), 10);
    await makeFile(join(source, ..."deep/".repeat(60).split("/"), "a"), 10);
    await makeFile(join(source, "n".repeat(250)), 10);
    await makeFile(join(source, "sparse.img"), 10);
    await Deno.truncate(join(source, "sparse.img"), 20_000_000);
    await Deno.mkdir(join(source, "nothing", "at all"), { recursive: true });
    const copies = join(folder.path, "copies");
    const { warnings } = await copy(source, copies);
    assertEquals(
      warnings,
      "warning: a torrent does not carry 2 empty folders\n",
    );
    // So does a share that hashes nothing.
    const again = await copy(source, join(folder.path, "more"));
    assertEquals(again.warnings, warnings);
    assertEquals(await differences(source, join(copies, "tree")), [
      "cd+++++++++ nothing/",
      "cd+++++++++ nothing/at all/",
    ]);
    // As `rsync -a -H` would copy it, beside times: the second name of a file is a copy.
    await Deno.link(join(source, "image.img"), join(source, "image 2.img"));
    const second = join(folder.path, "second");
    await copy(source, second);
    const all = await differences(source, join(second, "tree"), ["-aH"]);
    assertEquals(all.filter((line) => !/^[.>][fdL]\.\.t\.{6} /.test(line)), [
      "hf..t...... image.img => image 2.img",
      "cd+++++++++ nothing/",
      "cd+++++++++ nothing/at all/",
    ]);
    await Deno.remove(join(source, "image 2.img"));
    // The comparison itself sees what it must.
    await Deno.chmod(join(copies, "tree/bin/run.sh"), 0o644);
    await Deno.remove(join(copies, "tree/current"));
    await Deno.writeTextFile(join(copies, "tree/more"), "");
    const found = (await differences(source, join(copies, "tree"))).join("\n");
    assertStringIncludes(found, "*deleting   more");
    assertMatch(found, /cL\+{9} current -> releases\/5/);
    assertMatch(found, /\.f...p..... bin\/run\.sh/);
  },
});

Deno.test({
  name: "a model cache is copied with its links, each blob once",
  ignore: !isLinux,
  fn: async () => {
    await using folder = await temporaryFolder();
    const source = join(folder.path, "hub", "models--x--y");
    await makeModelCache(source);
    const copies = join(folder.path, "other");
    const { warnings } = await copy(source, copies);
    assertEquals(warnings, "");
    const model = join(copies, "models--x--y");
    assertEquals(await differences(source, model), []);
    const main = await Deno.readTextFile(join(model, "refs", "main"));
    const shard = join("snapshots", main, "model-2.safetensors");
    assertEquals(
      await Deno.readFile(join(model, shard)),
      await Deno.readFile(join(source, shard)),
    );
  },
});

Deno.test({
  name: "a link of a model cache leads to a whole file from its first moment",
  ignore: !isLinux,
  fn: async () => {
    await using folder = await temporaryFolder();
    const source = join(folder.path, "hub", "models--x--y");
    await makeModelCache(source);
    const copies = join(folder.path, "other");
    let isOver = false;
    let seenCount = 0;
    const fetching = copy(source, copies, "--max-download", "500KiB")
      .finally(() => isOver = true);
    const links = join("snapshots", "5a1c");
    const contents = [...Deno.readDirSync(join(source, links))]
      .filter(({ isSymlink }) => isSymlink)
      .map(({ name }) =>
        [name, Deno.readFileSync(join(source, links, name))] as const
      );
    while (!isOver) {
      for (const [name, content] of contents) {
        const place = join(copies, "models--x--y", links, name);
        const isThere = await Deno.lstat(place).then(() => true, () => false);
        if (!isThere || isOver) continue;
        seenCount++;
        assert(equals(await Deno.readFile(place), content), name);
      }
      await delay(5);
    }
    await fetching;
    assert(seenCount > 10, `seen ${seenCount} times`);
    assertEquals(await differences(source, join(copies, "models--x--y")), []);
  },
});

Deno.test({
  name: "a link that is shared by its own name is seeded from where it leads",
  ignore: !isLinux,
  fn: async () => {
    await using folder = await temporaryFolder();
    const images = join(folder.path, "images");
    await makeFile(join(images, "v2.img"), 100_000);
    await makeLink(join(folder.path, "latest.img"), "images/v2.img");
    const copies = join(folder.path, "copies");
    await copy(join(folder.path, "latest.img"), copies);
    assertEquals(
      await Deno.readFile(join(copies, "latest.img")),
      await Deno.readFile(join(images, "v2.img")),
    );
    // So is a folder, with the links in it.
    await makeLink(join(images, "current"), "v2.img");
    await makeLink(join(folder.path, "latest"), "images");
    const { warnings } = await copy(join(folder.path, "latest"), copies);
    assertEquals(warnings, "");
    assertEquals(await differences(images, join(copies, "latest")), []);
    // And `peer` seeds what `create` accepts.
    const url = "http://127.0.0.1:1/announce";
    const cwd = folder.path;
    const made = await runTask("create", ["latest.img", url], { cwd });
    assertEquals(made.code, 0, made.stderr);
    const peer = await runTask("peer", [
      ...["latest.img.torrent", "--seed-only", "--exit-when-complete"],
      ...["--port", "0", ...LOCAL],
    ], { cwd });
    assertEquals(peer.code, 0, peer.stderr);
    assertEquals((await Deno.lstat(join(cwd, "latest.img"))).isSymlink, true);
  },
});

Deno.test("create, peer, share and get give a size without padding", async () => {
  await using folder = await temporaryFolder();
  const source = join(folder.path, "padded");
  for (const name of ["a", "b", "c"]) {
    await makeFile(join(source, name), 700_001);
  }
  const made = await runTask("create", [
    ...[source, "http://127.0.0.1:1/announce"],
    ...[join(folder.path, "padded.torrent"), "--align"],
  ]);
  assertMatch(made.stdout, /^Size: +2 MiB \(2100003 bytes, 3 files\)$/m);
  const peer = await runTask("peer", [
    ...[join(folder.path, "padded.torrent"), "--dir", folder.path, "--json"],
    ...["--exit-when-complete", "--port", "0", ...LOCAL],
  ]);
  assertMatch(peer.stdout, /"verified".*"length":2100003,"verified":2100003/);

  const port = freePort();
  await using share = spawnTask("share", [
    ...[source, "--align", "--port", `${port}`, "--peer-port", "0", ...LOCAL],
  ]);
  await share.stdout.waitFor(/^padded: 3 files, 2 MiB$/);
  const copies = join(folder.path, "copies");
  const get = await runTask("get", [
    ...[`127.0.0.1:${port}`, "--dir", copies, "--port", "0", "--json"],
    ...["--exit-when-complete", ...LOCAL],
  ]);
  assertEquals([get.code, get.stderr], [0, ""]);
  assertMatch(get.stdout, /"found".*"length":2100003/);
  assertMatch(
    get.stdout,
    /"state":"seeding".*"length":2100003,"verified":2100003/,
  );
});
