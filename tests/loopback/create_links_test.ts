/**
 * Symbolic links, and what cannot be shared, in a folder that a torrent is made of.
 */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import {
  checkContent,
  createTorrent,
  loadTorrentFile,
  StorageError,
} from "../../mod.ts";
import { create } from "../../cli/create.ts";
import { readPathGlob } from "../../lib/metainfo/path_glob.ts";
import { removeExtraFiles } from "../../lib/source/extra_files.ts";
import { runTask } from "../../scripts/programs/tasks.ts";
import { contents, linkTest, makeTree } from "./tree_copy.ts";
import { runJob } from "./run_job.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const URL = "http://127.0.0.1:8000/announce";
const announce = [URL];

linkTest(
  "createTorrent() keeps relative links to what is shared, after the files",
  async () => {
    await using folder = await temporaryFolder();
    const shared = join(folder.path, "shared");
    await makeTree(
      shared,
      ...["a -> blobs/1", "blobs/1", "blobs/2 -> ./1", "new -> s/r", "z"],
      ...["s/r/one -> ../../blobs/1", "s/r/back -> ../../../shared/z"],
      `absolute -> ${shared}/blobs/1`,
    );
    const { torrent, stamps } = await createTorrent(shared, { announce });
    assertEquals(contents(torrent), [
      ...["absolute", "blobs/1", "z"],
      ...["a -> blobs/1", "blobs/2 -> blobs/1", "new -> s/r"],
      ...["s/r/back -> z", "s/r/one -> blobs/1"],
    ]);
    assertEquals(stamps.length, 8);
    // Content and its order are those of the folder without links.
    assertEquals(torrent.geometry.length, 7 + 7 + 1);
  },
);

linkTest(
  "folders whose links lead into each other are shared, verified and cleaned in finite time",
  async () => {
    await using folder = await temporaryFolder();
    const shared = join(folder.path, "shared");
    await makeTree(shared, "A/f", "B/g", "A/l -> ../B", "B/m -> ../A");
    const { torrent } = await createTorrent(shared, { announce });
    assertEquals(contents(torrent), ["A/f", "B/g", "A/l -> B", "B/m -> A"]);
    await makeTree(shared, "B/extra");
    const { files, extra, dir } = await checkContent(torrent, shared);
    assertEquals(files.map(({ state }) => state.type), Array(4).fill("right"));
    assertEquals(extra, [["shared", "B", "extra"]]);
    await removeExtraFiles(torrent, dir, extra);
    assertEquals((await checkContent(torrent, shared)).extra, []);
  },
);

linkTest("createTorrent() follows links to what is left out", async () => {
  await using folder = await temporaryFolder();
  const shared = join(folder.path, "shared");
  await makeTree(
    shared,
    ...["a -> blobs/1", "blobs/1", "blobs/in -> 1", "d -> blobs", "e"],
  );
  const without = async (...globs: string[]): Promise<string[]> => {
    const excludeGlobs = globs.map(readPathGlob);
    const options = { announce, excludeGlobs };
    return contents((await createTorrent(shared, options)).torrent);
  };
  assertEquals(await without("blobs"), ["e", "a", "d/1", "d/in"]);
  assertEquals(await without("a", "d"), [
    "blobs/1",
    "e",
    "blobs/in -> blobs/1",
  ]);
  const includeGlobs = [readPathGlob("e"), readPathGlob("a")];
  const some = await createTorrent(shared, { announce, includeGlobs });
  assertEquals(contents(some.torrent), ["e", "a"]);
});

linkTest(
  "createTorrent() refuses what cannot be shared before it reads, and names a flag",
  async () => {
    await using folder = await temporaryFolder();
    const shared = join(folder.path, "shared");
    await makeTree(folder.path, "outside");
    await makeTree(shared, "a", "sub/b");
    const cases: [entry: string, message: string][] = [
      ["sub/l -> ../../outside", "--exclude sub/l"],
      ["sub/l -> nowhere", "leads nowhere; remove it, or leave it out"],
      ["l -> l", "leads in a circle; remove it, or"],
      ["sub/l -> .", "leads back to a folder it lies in"],
      ["sub/l -> ..", "leads back to a folder it lies in"],
      ["sub/l -> /", "leads out of the folder, to /"],
      ["a b[1]* -> /etc", "--exclude 'a b\\[1\\]\\*'"],
    ];
    const onProgress = (): never => {
      throw new Error("content is read");
    };
    for (const [entry, message] of cases) {
      await makeTree(shared, entry);
      const path = entry.split(" -> ")[0]!;
      const error = await assertRejects(
        () => createTorrent(shared, { announce, onProgress }),
        StorageError,
        message,
      );
      assertStringIncludes(error.message, join(shared, path));
      const [, flag] =
        /--exclude (?:'(.*)'|(\S+))$/.exec(error.message)?.filter(
          (part) => part !== undefined,
        ) ?? [];
      const excludeGlobs = [readPathGlob(flag ?? path)];
      await createTorrent(shared, { announce, excludeGlobs });
      await Deno.remove(join(shared, path));
    }
  },
);

linkTest(
  "createTorrent() refuses pipes and sockets by name, before it reads",
  async () => {
    await using folder = await temporaryFolder();
    const shared = join(folder.path, "shared");
    await makeTree(shared, "a", "sub/b");
    const path = join(shared, "sub", "p");
    const listen = (): Deno.Listener =>
      Deno.listen({ transport: "unix", path });
    {
      using _listener = listen();
      const error = await assertRejects(
        () => createTorrent(shared, { announce }),
        StorageError,
      );
      assertEquals(
        error.message,
        `Cannot share ${path}: it is neither a file nor a folder; take it out of what is shared, or leave it out with --exclude sub/p`,
      );
      const excludeGlobs = [readPathGlob("sub/p")];
      const { torrent } = await createTorrent(shared, {
        announce,
        excludeGlobs,
      });
      assertEquals(contents(torrent), ["a", "sub/b"]);
    }
  },
);

linkTest(
  "createTorrent() notices a link that changes while it reads",
  async () => {
    await using folder = await temporaryFolder();
    const shared = join(folder.path, "shared");
    await makeTree(shared, "a", "b", "l -> a");
    await assertRejects(
      () =>
        createTorrent(shared, {
          announce,
          onProgress: () => {
            Deno.removeSync(join(shared, "l"));
            Deno.symlinkSync("b", join(shared, "l"));
          },
        }),
      StorageError,
      `${join(shared, "l")} was changed while it was read`,
    );
  },
);

Deno.test({
  name:
    "create keeps links in the folder, and refuses others, loops and broken links",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await temporaryFolder();
    const shared = join(folder.path, "shared");
    await Deno.mkdir(join(folder.path, "elsewhere"));
    await Deno.mkdir(join(shared, "real"), { recursive: true });
    await Deno.writeTextFile(join(shared, "real/a"), "content");
    await Deno.symlink("real", join(shared, "folder"));
    await Deno.symlink("folder/a", join(shared, "file"));
    const options = { cwd: folder.path };
    const kept = await runTask("create", ["shared", URL], options);
    assertEquals([kept.code, kept.stderr], [0, ""]);
    const torrent = await loadTorrentFile(`${shared}.torrent`);
    assertEquals(
      torrent.files.map((
        { path, linkTarget },
      ) => [path.join("/"), linkTarget?.join("/")]),
      [
        ["shared/real/a", undefined],
        // Through another link.
        ["shared/file", "shared/real/a"],
        ["shared/folder", "shared/real"],
      ],
    );
    const cases: [target: string, message: string][] = [
      [".", "leads back to a folder it lies in"],
      [
        "nowhere",
        "link: it is a link that leads nowhere; remove it, or leave it out with --exclude link",
      ],
      ["/dev/null", "link: it is a link that leads out of the folder, to /dev"],
      // The link is named, not a file in what it leads to.
      ["../elsewhere", "link: it is a link that leads out of the folder"],
      ["../shared/../elsewhere", "shared/link: it is a link that leads out"],
    ];
    for (const [target, message] of cases) {
      await Deno.symlink(target, join(shared, "link"));
      const result = await runJob(create, [shared, URL, "--force"]);
      assertEquals(result.code, 1);
      assertStringIncludes(result.stderr, message);
      await Deno.remove(join(shared, "link"));
    }
  },
});
