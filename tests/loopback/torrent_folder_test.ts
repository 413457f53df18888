import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import {
  buildTorrent,
  openTorrentFolder,
  parseTorrent,
  PIECE_LENGTH,
  sha1,
  StorageError,
  type TorrentFolder,
  type TorrentFolderChange,
  type TorrentFolderOptions,
} from "../../mod.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const isWindows = Deno.build.os === "windows";
/** A time at which nobody is writing the file any more. */
const LONG_AGO = new Date("2001-01-01");

/** The torrent file of a file of `length` bytes. */
function torrentFile(name: string, length = 5): Uint8Array<ArrayBuffer> {
  return buildTorrent({
    name,
    content: { type: "file", length },
    pieceLength: PIECE_LENGTH,
    pieceHashes: new Uint8Array(20),
    announce: ["http://192.0.2.1:8000/announce"],
  });
}

interface Scene extends AsyncDisposable {
  readonly path: string;
  readonly folder: TorrentFolder;
  /** The changes that the folder reported, one line each. */
  readonly reported: readonly string[];
  /** Writes a file, last modified at `time` or now. */
  write(fileName: string, bytes: Uint8Array, time?: Date): Promise<void>;
  /** Waits for a whole scan of the folder. */
  scan(): Promise<void>;
}

/** Opens a folder with these files, modified long ago. */
async function openScene(
  files: Readonly<Record<string, Uint8Array>> = {},
  options: TorrentFolderOptions = {},
): Promise<Scene> {
  const { path, [Symbol.asyncDispose]: remove } = await temporaryFolder();
  const write: Scene["write"] = async (fileName, bytes, time) => {
    await Deno.writeFile(join(path, fileName), bytes);
    if (time !== undefined) await Deno.utime(join(path, fileName), time, time);
  };
  for (const [fileName, bytes] of Object.entries(files)) {
    await write(fileName, bytes, LONG_AGO);
  }
  const reported: string[] = [];
  const folder = await openTorrentFolder(path, {
    onChange: (change) => reported.push(lineOf(change)),
    scanIntervalMs: 10,
    ...options,
  });
  let scanCount = 0;
  return {
    path,
    folder,
    reported,
    write,
    scan: async () => {
      const fileName = `zz scan ${++scanCount}.torrent`;
      await write(fileName, torrentFile(fileName), LONG_AGO);
      await until(() => namesIn(folder, true).includes(fileName));
    },
    [Symbol.asyncDispose]: async () => {
      await folder[Symbol.asyncDispose]();
      await remove();
    },
  };
}

function lineOf(change: TorrentFolderChange): string {
  switch (change.type) {
    case "listed":
    case "unlisted":
      return `${change.type} ${change.torrent.fileName} ${change.torrent.name}`;
    case "skipped":
      return `skipped ${change.fileName} ${change.error.message}`;
    case "unreadable":
      return `unreadable ${change.error.message}`;
    default:
      return change satisfies never;
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 60_000;
  while (!isTrue()) {
    if (Date.now() > deadlineMs) {
      throw new Error("the condition did not become true");
    }
    await delay(5);
  }
}

/** The listed file names, without those of {@linkcode Scene.scan}. */
function namesIn(folder: TorrentFolder, withScans = false): string[] {
  return folder.list().map(({ fileName }) => fileName)
    .filter((fileName) => withScans || !fileName.startsWith("zz scan"));
}

/** The reported changes, without those of {@linkcode Scene.scan}. */
function changesIn({ reported }: Scene): string[] {
  return reported.filter((line) => !line.includes("zz scan"));
}

Deno.test("openTorrentFolder() lists its torrent files by name, with their torrents", async () => {
  const files = {
    "b.torrent": torrentFile("b"),
    "Ä & ü.torrent": torrentFile("a", 7),
    "c.TORRENT": torrentFile("c"),
    ".hidden.torrent": torrentFile("hidden"),
    "notes.txt": torrentFile("notes"),
    "torrent": torrentFile("torrent"),
  };
  await using scene = await openScene(files);
  await Deno.mkdir(join(scene.path, "below"));
  await scene.write("below/d.torrent", torrentFile("d"));
  await scene.scan();
  const names = ["b.torrent", "c.TORRENT", "Ä & ü.torrent"];
  assertEquals(namesIn(scene.folder), names);
  const { infoHash } = await parseTorrent(files["Ä & ü.torrent"], { sha1 });
  const listed = {
    infoHash,
    name: "a",
    length: 7,
    fileCount: 1,
    fileName: "Ä & ü.torrent",
  };
  assertEquals(scene.folder.find(infoHash), listed);
  assertEquals(changesIn(scene), []);
});

Deno.test("TorrentFolder follows files that are added, modified and removed", async () => {
  await using scene = await openScene({ "a.torrent": torrentFile("a") });
  await scene.write("b.torrent", torrentFile("b"));
  await until(() => namesIn(scene.folder).length === 2);
  await scene.write("a.torrent", torrentFile("other"));
  await until(() => scene.folder.list()[0]?.name === "other");
  await Deno.remove(join(scene.path, "b.torrent"));
  await until(() => namesIn(scene.folder).length === 1);
  await Deno.rename(
    join(scene.path, "a.torrent"),
    join(scene.path, "c.torrent"),
  );
  await until(() => namesIn(scene.folder)[0] === "c.torrent");
  assertEquals(changesIn(scene), [
    "listed b.torrent b",
    "unlisted a.torrent a",
    "listed a.torrent other",
    "unlisted b.torrent b",
    "unlisted a.torrent other",
    "listed c.torrent other",
  ]);
});

Deno.test("TorrentFolder reports an invalid file once and reads it again when it changes", async () => {
  await using scene = await openScene({
    "a.torrent": new TextEncoder().encode("<html>"),
    "b.torrent": torrentFile("b").subarray(0, 50),
  });
  const complaints = changesIn(scene);
  assertEquals(complaints.length, 2);
  assertMatch(
    complaints[0]!,
    /^skipped a\.torrent Cannot read .*a\.torrent: torrent: is not bencode/,
  );
  for (let count = 0; count < 3; count++) await scene.scan();
  assertEquals(changesIn(scene), complaints);
  await scene.write("b.torrent", torrentFile("b"));
  await until(() => namesIn(scene.folder).length === 1);
  await scene.write("b.torrent", new Uint8Array(9), LONG_AGO);
  await until(() => namesIn(scene.folder).length === 0);
  assertEquals(changesIn(scene).slice(2, -1), [
    "listed b.torrent b",
    "unlisted b.torrent b",
  ]);
  assertMatch(changesIn(scene).at(-1)!, /^skipped b\.torrent /);
});

Deno.test("TorrentFolder keeps a file listed while it is rewritten", async () => {
  const whole = torrentFile("new");
  const files = { "a.torrent": torrentFile("old") };
  await using scene = await openScene(files, { settlingMs: 600_000 });
  using file = await Deno.open(join(scene.path, "a.torrent"), {
    write: true,
    truncate: true,
  });
  assertEquals(file.writeSync(whole.subarray(0, -1)), whole.length - 1);
  await scene.scan();
  assertEquals(scene.folder.list()[0]?.name, "old");
  file.writeSync(whole.subarray(-1));
  await until(() => scene.folder.list()[0]?.name === "new");
  assertEquals(changesIn(scene), [
    "unlisted a.torrent old",
    "listed a.torrent new",
  ]);
});

Deno.test({
  name: "TorrentFolder follows links within the folder, and no others",
  ignore: isWindows, // links need a special right there
  fn: async () => {
    await using elsewhere = await temporaryFolder();
    const outside = join(elsewhere.path, "outside.torrent");
    await Deno.writeFile(outside, torrentFile("outside"));
    await using scene = await openScene({ "a.torrent": torrentFile("a") });
    const link = (target: string, fileName: string) =>
      Deno.symlink(target, join(scene.path, fileName));
    await Deno.mkdir(join(scene.path, "..data"));
    await scene.write("..data/b.torrent", torrentFile("b"));
    await link("..data/b.torrent", "b.torrent");
    await link(outside, "c.torrent");
    await link("nowhere", "d.torrent");
    await link("e.torrent", "e.torrent");
    await link(elsewhere.path, "..out");
    await link("..out/outside.torrent", "f.torrent");
    await scene.scan();
    await scene.scan();
    assertEquals(namesIn(scene.folder), ["a.torrent", "b.torrent"]);
    const complaints = changesIn(scene)
      .filter((line) => line.startsWith("skipped"))
      .map((line) => line.replace(/Cannot read .*\.torrent: /, ""));
    assertEquals(complaints.length, 4, complaints.join("\n"));
    assertStringIncludes(
      complaints[0]!,
      "c.torrent it is a link that leads out",
    );
    assertStringIncludes(
      complaints[1]!,
      "d.torrent it is a link that leads now",
    );
    assertMatch(complaints[2]!, /^skipped e\.torrent /);
    assertStringIncludes(
      complaints[3]!,
      "f.torrent it is a link that leads out",
    );
  },
});

Deno.test({
  name: "TorrentFolder skips pipes and folders",
  ignore: isWindows, // has no named pipes
  fn: async () => {
    await using scene = await openScene();
    await Deno.mkdir(join(scene.path, "a.torrent"));
    const pipe = join(scene.path, "b.torrent");
    const { success } = await new Deno.Command("mkfifo", { args: [pipe] })
      .output();
    assertEquals(success, true);
    await scene.scan();
    await scene.scan();
    const complaints = changesIn(scene);
    assertEquals(complaints.length, 2);
    for (const line of complaints) assertMatch(line, /: it is not a file; /);
  },
});

Deno.test("TorrentFolder does not read files that are too long", async () => {
  await using scene = await openScene({ "a.torrent": torrentFile("a") });
  const path = join(scene.path, "b.torrent");
  await Deno.writeFile(path, new Uint8Array(0));
  await Deno.truncate(path, 64 * 1024 ** 3);
  await Deno.utime(path, LONG_AGO, LONG_AGO);
  await scene.scan();
  await scene.scan();
  assertEquals(namesIn(scene.folder), ["a.torrent"]);
  assertMatch(
    changesIn(scene).at(-1)!,
    /^skipped b.* is longer than 33554432 bytes/,
  );
});

Deno.test("TorrentFolder keeps its list while the folder is missing", async () => {
  await using scene = await openScene({ "a.torrent": torrentFile("a") });
  const away = `${scene.path} away`;
  await Deno.rename(scene.path, away);
  await until(() => scene.reported.length > 0);
  await delay(100);
  await Deno.rename(away, scene.path);
  await scene.scan();
  assertEquals(namesIn(scene.folder), ["a.torrent"]);
  const [line, ...others] = changesIn(scene);
  assertEquals(others, []);
  assertMatch(line!, /^unreadable Cannot read .*: it does not exist; /);
});

Deno.test("TorrentFolder reads the current bytes of a listed file, once for all", async () => {
  const [old, fresh] = [torrentFile("old"), torrentFile("fresh")];
  await using scene = await openScene({
    "a.torrent": old,
    "b.torrent": new Uint8Array(3),
  });
  const { folder } = scene;
  const [first, second] = await Promise.all([
    folder.read("a.torrent"),
    folder.read("a.torrent"),
  ]);
  assertEquals(first, old);
  assertStrictEquals(first, second);
  assertEquals(await folder.read("b.torrent"), undefined);
  for (const name of ["c.torrent", "", "..", "./a.torrent", scene.path]) {
    assertEquals(await folder.read(name), undefined, name);
  }
  await scene.write("a.torrent", fresh);
  assertEquals(await folder.read("a.torrent"), fresh);
  if (!isWindows) {
    await Deno.remove(join(scene.path, "a.torrent"));
    await Deno.symlink("/etc/passwd", join(scene.path, "a.torrent"));
    assertEquals(await folder.read("a.torrent"), undefined);
  }
  await Deno.remove(join(scene.path, "a.torrent"));
  assertEquals(await folder.read("a.torrent"), undefined);
  await scene.write("a.torrent", fresh);
  await until(() => folder.list()[0]?.name === "fresh");
  assertEquals(await folder.read("a.torrent"), fresh);
});

Deno.test("openTorrentFolder() explains why it cannot read the folder", async () => {
  await using folder = await temporaryFolder();
  const missing = join(folder.path, "missing");
  await assertRejects(
    () => openTorrentFolder(missing),
    StorageError,
    "missing: it does not exist",
  );
  const file = join(folder.path, "a.torrent");
  await Deno.writeFile(file, torrentFile("a"));
  await assertRejects(() => openTorrentFolder(file), StorageError, file);
});
