/**
 * Symbolic links of a torrent as they are made in a copy.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { dirname, join } from "@std/path";
import {
  Bitfield,
  openFileStorage,
  openTorrentContent,
  verifyStorage,
} from "../../mod.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { linkTest, makeTree } from "./tree_copy.ts";
import { storePieces } from "./store_content.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const KIB = 1024;

/** Two files of a piece each, a link to each, and one to the folder of the second. */
function linkedTorrent(): ReturnType<typeof sampleTorrent> {
  const { torrent, content } = sampleTorrent(16 * KIB, [
    { path: ["t", "a"], length: 16 * KIB },
    { path: ["t", "d", "b"], length: 16 * KIB },
    { path: ["t", "l", "to a"], length: 0 },
    { path: ["t", "to b"], length: 0 },
    { path: ["t", "l", "to d"], length: 0 },
  ]);
  const targets = [, , ["t", "a"], ["t", "d", "b"], ["t", "d"]];
  const files = torrent.files.map((file, index) => {
    const linkTarget = targets[index];
    return linkTarget ? { ...file, linkTarget } : file;
  });
  return { torrent: { ...torrent, files }, content };
}

const LINKS = ["t/l/to a -> ../a", "t/to b -> d/b", "t/l/to d -> ../d"];

/** The links of the sample that are there, as `path -> text`. */
async function linksIn(dir: string): Promise<string[]> {
  const found: string[] = [];
  for (const link of LINKS) {
    const [path] = link.split(" -> ");
    const text = await Deno.readLink(join(dir, path!)).catch(() => undefined);
    if (text !== undefined) found.push(`${path} -> ${text}`);
  }
  return found;
}

linkTest("a link is made once what it leads to is complete", async () => {
  await using folder = await temporaryFolder();
  const { path: dir } = folder;
  const { torrent, content } = linkedTorrent();
  await using opened = await openTorrentContent(torrent, { dir });
  const { storage } = opened;
  await opened.verify();
  assertEquals(await linksIn(dir), []);
  await storePieces(storage, torrent, { content, indexes: [1] });
  assertEquals(await linksIn(dir), [LINKS[1]!]);
  await storePieces(storage, torrent, { content, indexes: [0] });
  assertEquals(await linksIn(dir), LINKS);
  assertEquals(
    await Deno.readFile(join(dir, "t/l/to d/b")),
    content.slice(16 * KIB),
  );
  // They count for nothing in what is verified, and are no change.
  assertEquals(await opened.findChange(), undefined);
  assertEquals((await verifyStorage(storage, torrent)).isFull, true);
});

linkTest(
  "no link is made to a file that waits for those of --first",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    const { torrent, content } = linkedTorrent();
    const first = Bitfield.fromBytes(Uint8Array.of(0b1000_0000), 5);
    {
      await using opened = await openTorrentContent(torrent, { dir, first });
      const have = await opened.verify();
      await opened.begin(have);
      await opened.storage.write(16 * KIB, content.subarray(16 * KIB));
      have.add(1);
      await opened.save(() => have);
    }
    await using opened = await openTorrentContent(torrent, { dir, first });
    const { storage } = opened;
    await opened.begin(await opened.verify());
    assertEquals(await linksIn(dir), []);
    await storage.write(0, content.subarray(0, 16 * KIB));
    await storage.named(0);
    assertEquals(await linksIn(dir), LINKS);
  },
);

linkTest(
  "a restart makes links that a crash has left out, and keeps those that are right",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    const { torrent, content } = linkedTorrent();
    const warnings: string[] = [];
    const options = { dir, onWarning: (text: string) => warnings.push(text) };
    {
      // As if it was killed between the files and their links.
      await using storage = await openFileStorage(
        { ...torrent, files: torrent.files.slice(0, 2) },
        options,
      );
      await storePieces(storage, torrent, { content });
    }
    // In other words, and through another link.
    await makeTree(dir, "t/to b -> ./l/../d/b", "t/l/to d -> ../e", "t/e -> d");
    await using opened = await openTorrentContent(torrent, options);
    const have = await opened.verify();
    await opened.begin(have);
    await opened.save(() => have);
    assertEquals(have.isFull, true);
    assertEquals(await linksIn(dir), [
      ...[LINKS[0]!, "t/to b -> ./l/../d/b", "t/l/to d -> ../e"],
    ]);
    assertEquals(warnings, []);
  },
);

linkTest(
  "what stands in the place of a link stays, and a line says so",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    const { torrent, content } = linkedTorrent();
    const warnings: string[] = [];
    const onWarning = (text: string): void => void warnings.push(text);
    await makeTree(dir, "t/l/to a", "t/to b -> ../victim", "victim");
    await using storage = await openFileStorage(torrent, { dir, onWarning });
    await storePieces(storage, torrent, { content });
    assertEquals(await Deno.readTextFile(join(dir, "t/l/to a")), "t/l/to a");
    assertEquals(await linksIn(dir), ["t/to b -> ../victim", LINKS[2]!]);
    assertEquals(await Deno.readTextFile(join(dir, "victim")), "victim");
    assertEquals(warnings, [
      `${
        join(dir, "t/l/to a")
      } (and 1 more) is not the link that the torrent describes: what is there stays; move it away and start again`,
    ]);
  },
);

linkTest("no link is made through another one", async () => {
  await using folder = await temporaryFolder();
  await using outside = await temporaryFolder();
  const { path: dir } = folder;
  const { torrent, content } = linkedTorrent();
  const warnings: string[] = [];
  const onWarning = (text: string): void => void warnings.push(text);
  await makeTree(dir, `t/l -> ${outside.path}`);
  await using storage = await openFileStorage(torrent, { dir, onWarning });
  await storePieces(storage, torrent, { content });
  assertEquals([...Deno.readDirSync(outside.path)], []);
  assertEquals(warnings.length, 1);
  assertMatch(warnings[0]!, /to a \(and 1 more\): .* is a symbolic link/);
});

/** Runs `work` where the system makes no links of some kinds. */
async function without(
  kinds: readonly ("symlink" | "link")[],
  work: () => Promise<void>,
): Promise<void> {
  const { symlink, symlinkSync, link, linkSync } = Deno;
  const refuse = (): never => {
    throw new Deno.errors.PermissionDenied("not here (os error 1)");
  };
  for (const kind of kinds) {
    Deno[kind] = () => Promise.try(refuse);
    Deno[`${kind}Sync`] = refuse;
  }
  try {
    await work();
  } finally {
    Object.assign(Deno, { symlink, symlinkSync, link, linkSync });
  }
}

for (const kinds of [["symlink"], ["symlink", "link"]] as const) {
  linkTest(
    `without ${kinds.join(" and ")} there is ${
      kinds.length === 1 ? "a hard link" : "a copy"
    }`,
    async () => {
      await using folder = await temporaryFolder();
      const { path: dir } = folder;
      const { torrent, content } = linkedTorrent();
      const warnings: string[] = [];
      const onWarning = (text: string): void => void warnings.push(text);
      const finish = async (): Promise<void> => {
        await using storage = await openFileStorage(torrent, {
          dir,
          onWarning,
        });
        await storePieces(storage, torrent, { content });
      };
      await without(kinds, finish);
      const names = ["t/a", "t/l/to a", "t/d/b", "t/to b"];
      const [a, toA, b, toB] = await Promise.all(
        names.map((name) => Deno.lstat(join(dir, name))),
      );
      const isShared = kinds.length === 1;
      assertEquals([a!.ino === toA!.ino, b!.ino === toB!.ino], [
        ...[isShared, isShared],
      ]);
      assertEquals(
        await Deno.readFile(join(dir, "t/to b")),
        content.slice(16 * KIB),
      );
      assertEquals(warnings.length, 2);
      assertMatch(
        warnings[0]!,
        /makes no symbolic links: .*to a \(and 1 more\) is/,
      );
      assertMatch(
        warnings[1]!,
        /^a symbolic link .* cannot be made, .*to d: not here/,
      );
      // They count as the links at the next start.
      const opened = await openTorrentContent(torrent, { dir, onWarning });
      await without(kinds, async () => {
        const have = await opened.verify();
        await opened.begin(have);
        await opened.save(() => have);
        await opened[Symbol.asyncDispose]();
      });
      assertEquals(warnings.length, 3);
      const rest = [...Deno.readDirSync(join(dir, "t/l"))].map(({ name }) =>
        name
      );
      assertEquals(rest, ["to a"]);
    },
  );
}

linkTest(
  "copies in the place of links take no more than the content",
  async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    const { torrent, content } = sampleTorrent(16 * KIB, [
      { path: ["t", "a"], length: 16 * KIB },
      ...Array.from({ length: 50 }, (_, index) => (
        { path: ["t", `l${index}`], length: 0 }
      )),
    ]);
    const files = torrent.files.map((file, index) => (
      index === 0 ? file : { ...file, linkTarget: ["t", "a"] }
    ));
    const warnings: string[] = [];
    const onWarning = (text: string): void => void warnings.push(text);
    await without(["symlink", "link"], async () => {
      await using storage = await openFileStorage(
        { ...torrent, files },
        { dir, onWarning },
      );
      await storePieces(storage, torrent, { content });
    });
    assertEquals([...Deno.readDirSync(join(dir, "t"))].length, 2);
    assertMatch(warnings[1]!, /\(and 48 more\): copies would take more space/);
  },
);

linkTest(
  "what another program puts in the place of a link meanwhile stays",
  async () => {
    for (const kinds of [["symlink"], ["symlink", "link"]] as const) {
      await using folder = await temporaryFolder();
      const { torrent, content } = linkedTorrent();
      const place = join(folder.path, "t", "to b");
      const warnings: string[] = [];
      await using storage = await openFileStorage(torrent, {
        dir: folder.path,
        onWarning: (text) => void warnings.push(text),
      });
      const { link, linkSync, symlink, symlinkSync } = Deno;
      const put = (path: string | URL): void => {
        if (path === place) Deno.writeTextFileSync(place, "precious");
      };
      Deno.symlinkSync = (text, path, options) => {
        if (kinds.length === 1) put(path);
        if (kinds.length === 1) return symlinkSync(text, path, options);
        throw new Deno.errors.PermissionDenied("not here (os error 1)");
      };
      Deno.symlink = (...call) => Promise.try(() => Deno.symlinkSync(...call));
      Deno.linkSync = (from, path) => {
        put(path);
        linkSync(from, path);
      };
      Deno.link = (...call) => Promise.try(() => Deno.linkSync(...call));
      try {
        await storePieces(storage, torrent, { content });
      } finally {
        Object.assign(Deno, { link, linkSync, symlink, symlinkSync });
      }
      assertEquals(await Deno.readTextFile(place), "precious");
      assertMatch(warnings.join(), /to b is not the link that the torrent/);
    }
  },
);

linkTest(
  "a hard link in the place of a link does not stay outside of the folder",
  async () => {
    await using folder = await temporaryFolder();
    await using outside = await temporaryFolder();
    const { torrent, content } = linkedTorrent();
    const top = join(folder.path, "t", "l");
    const warnings: string[] = [];
    await using storage = await openFileStorage(torrent, {
      dir: folder.path,
      onWarning: (text) => void warnings.push(text),
    });
    const { link, linkSync, symlink, symlinkSync } = Deno;
    Deno.linkSync = (from, path) => {
      if (dirname(String(path)) === top) {
        Deno.renameSync(top, `${top}.kept`);
        symlinkSync(outside.path, top);
      }
      linkSync(from, path);
    };
    Deno.link = (...call) => Promise.try(() => Deno.linkSync(...call));
    Deno.symlinkSync = () => {
      throw new Deno.errors.PermissionDenied("not here (os error 1)");
    };
    Deno.symlink = (...call) => Promise.try(() => Deno.symlinkSync(...call));
    try {
      await storePieces(storage, torrent, { content });
    } finally {
      Object.assign(Deno, { link, linkSync, symlink, symlinkSync });
    }
    assertEquals([...Deno.readDirSync(outside.path)], []);
    assertMatch(warnings.join(), /it is a symbolic link/);
  },
);
