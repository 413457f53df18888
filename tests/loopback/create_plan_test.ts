/**
 * Checks of `create` before it reads the content: whether peers would take the torrent
 * file, whether OUTPUT can be written, and what the torrent does not carry.
 */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { dirname, join } from "@std/path";
import {
  createTorrent,
  type CreateTorrentOptions,
  type CreateTorrentPlan,
  loadTorrentFile,
  saveTorrentFile,
  StorageError,
} from "../../mod.ts";
import { create } from "../../cli/create.ts";
import { runTask } from "../../scripts/programs/tasks.ts";
import { runJob } from "./run_job.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";

const URL = "http://127.0.0.1:8000/announce";
const isWindows = Deno.build.os === "windows";

/** Fails if `createTorrent()` reads content. */
const UNREAD: CreateTorrentOptions = {
  announce: [URL],
  onProgress: () => assert(false, "the content is read"),
};

async function makeSparseFile(path: string, length: number): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  await file.truncate(length);
}

Deno.test({
  name: "createTorrent() refuses too many pieces before it reads one",
  // The temporary folder of other systems may not take sparse files.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "large");
    await makeSparseFile(path, 450 * 2 ** 30);
    await assertRejects(
      () => createTorrent(path, { ...UNREAD, pieceLength: 262_144 }),
      StorageError,
      "is longer than 33554432 bytes; it has 36864158 bytes, files: 1, pieces: 1843200; leave the piece length out, or use 524288 bytes or more",
    );
    // By itself it chooses a length that fits.
    const plans: CreateTorrentPlan[] = [];
    const end = new Error("planned");
    const onPlan = (plan: CreateTorrentPlan): void => {
      plans.push(plan);
      throw end;
    };
    const creation = createTorrent(path, { ...UNREAD, onPlan });
    assertEquals(await creation.catch((error) => error), end);
    assertEquals(
      plans.map(({ geometry, fileCount }) => [
        ...[geometry.pieceCount, geometry.pieceLength, fileCount],
      ]),
      [[57_600, 8 * 2 ** 20, 1]],
    );
  },
});

Deno.test({
  name:
    "createTorrent() refuses names that fill a torrent file, with their count",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const deep = join(
      folder.path,
      "s",
      ...Array.from({ length: 15 }, () => "d".repeat(240)),
    );
    await Deno.mkdir(deep, { recursive: true });
    for (let index = 0; index < 9_400; index++) {
      Deno.writeTextFileSync(join(deep, `${index}`), "");
    }
    await assertRejects(
      () => createTorrent(join(folder.path, "s"), UNREAD),
      StorageError,
      "files: 9400, pieces: 0; share fewer files at once, or pack them into an archive",
    );
  },
});

Deno.test("createTorrent() plans the torrent file that it makes", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "a");
  await Deno.writeTextFile(path, "content");
  let length = 0;
  const { bytes } = await createTorrent(path, {
    announce: [URL],
    onPlan: ({ torrentFileLength }) => void (length = torrentFileLength),
  });
  assertEquals(bytes.length, length);
});

Deno.test("create checks OUTPUT before it reads the content", async () => {
  await using folder = await temporaryFolder();
  // It takes minutes to read.
  const large = join(folder.path, "large");
  await makeSparseFile(large, 2 ** 38);
  await Deno.mkdir(join(folder.path, "taken"));
  const cases: [output: string, message: string][] = [
    ["x".repeat(300), "the name is too long; give a shorter OUTPUT"],
    ["taken", "taken: a folder stands where a file must be"],
    ["large/x.torrent", "large/x.torrent: "],
  ];
  for (const [output, message] of cases) {
    const paths = [large, URL, join(folder.path, output)];
    const result = await runJob(create, [...paths, "--force"]);
    assertStringIncludes(result.stderr, message);
    assertEquals([result.code, result.stdout], [1, ""]);
  }
  assertEquals(await listing(folder.path), ["large"]);
});

Deno.test("create cuts the name of the torrent file, not that of the torrent", async () => {
  await using folder = await temporaryFolder();
  // 250 bytes each; a name is not cut inside a character.
  for (const name of ["n".repeat(250), "é".repeat(125)]) {
    await Deno.writeTextFile(join(folder.path, name), name);
    const result = await runTask("create", [name, URL], { cwd: folder.path });
    assertEquals([result.code, result.stderr], [0, ""]);
    const length = name.startsWith("n") ? 247 : 123;
    const output = `${name.slice(0, length)}.torrent`;
    assertStringIncludes(result.stdout, `Written:   ${output}\n`);
    const torrent = await loadTorrentFile(join(folder.path, output));
    assertEquals(torrent.name, name);
  }
});

Deno.test({
  name: "create counts what a torrent does not carry",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const shared = join(folder.path, "shared");
    await Deno.mkdir(join(shared, "empty"), { recursive: true });
    await Deno.writeTextFile(join(shared, "a"), "", { mode: 0o644 });
    await Deno.mkdir(join(shared, "empty", "too"));
    await Deno.symlink(join(shared, "a"), join(shared, "b"));
    const options = { cwd: folder.path };
    const result = await runTask("create", ["shared", URL], options);
    assertEquals(
      result.stderr,
      "warning: a torrent does not carry 2 empty folders, 1 link (what they lead to is shared)\n",
    );
    assertEquals(result.code, 0);
  },
});

/** Flags of `create`, the files that it shares, and what it says of the others. */
const CHOICES: readonly [
  flags: readonly string[],
  files: readonly string[],
  leftOut: string,
][] = [
  [[], ["a.iso", "b.tmp", "sub/c.iso"], ".DS_Store (2), lost+found (1)"],
  [
    ["--exclude", "*.tmp", "--exclude", "sub/**"],
    ["a.iso"],
    ".DS_Store (1), *.tmp (1), lost+found (1), sub/** (2)",
  ],
  [
    ["--include", "sub"],
    ["sub/c.iso"],
    ".DS_Store (2), not included (2), lost+found (1)",
  ],
  [
    ["--include=.DS_Store", "--exclude=sub"],
    [".DS_Store"],
    "not included (2), lost+found (1), sub (1)",
  ],
];

for (const [flags, files, leftOut] of CHOICES) {
  Deno.test(`create ${flags.join(" ")} shares ${files}`, async () => {
    await using folder = await temporaryFolder();
    for (const path of ["a.iso", "b.tmp", "sub/c.iso"]) {
      await writeBelow(join(folder.path, "shared"), path);
    }
    for (const path of [".DS_Store", "sub/.DS_Store", "lost+found/x"]) {
      await writeBelow(join(folder.path, "shared"), path);
    }
    const output = join(folder.path, "o.torrent");
    const source = join(folder.path, "shared");
    const result = await runJob(create, [source, URL, output, ...flags]);
    assertEquals(result.stderr, `warning: left out: ${leftOut}\n`);
    const torrent = await loadTorrentFile(output);
    assertEquals(
      torrent.files.map(({ path }) => path.slice(1).join("/")),
      files,
    );
  });
}

Deno.test("create says that all files are left out, and what a bad glob is", async () => {
  await using folder = await temporaryFolder();
  await writeBelow(folder.path, "shared/a");
  const source = join(folder.path, "shared");
  const output = join(folder.path, "o.torrent");
  const none = await runJob(create, [source, URL, output, "--exclude=*"]);
  assertStringIncludes(none.stderr, "all files of the folder are left out");
  assertEquals(none.code, 1);
  const flag = `--include=${"{a,b}".repeat(20)}`;
  const wide = await runJob(create, [source, URL, output, flag]);
  assertStringIncludes(wide.stderr, "the braces stand for more than 100 globs");
  assertEquals(wide.code, 2);
});

async function writeBelow(folder: string, path: string): Promise<void> {
  const place = join(folder, path);
  await Deno.mkdir(dirname(place), { recursive: true });
  await Deno.writeTextFile(place, path);
}

Deno.test({
  name: "create shares what a link on the command line leads to",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const real = join(folder.path, "real");
    await Deno.mkdir(real);
    await Deno.writeTextFile(join(real, "v2.img"), "content");
    await Deno.symlink("v2.img", join(real, "inside"));
    await Deno.symlink("real/v2.img", join(folder.path, "latest.img"));
    await Deno.symlink("real", join(folder.path, "latest"));
    const cases: [path: string, files: string[]][] = [
      ["latest.img", ["latest.img"]],
      ["latest", ["latest/v2.img", "latest/inside"]],
    ];
    for (const [path, files] of cases) {
      const options = { cwd: folder.path };
      const result = await runTask("create", [path, URL], options);
      assertEquals(result.code, 0, result.stderr);
      const torrent = await loadTorrentFile(
        join(folder.path, `${path}.torrent`),
      );
      assertEquals(torrent.files.map(({ path }) => path.join("/")), files);
    }
  },
});

Deno.test("saveTorrentFile() writes where a file mode cannot be set", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "a.torrent");
  const { chmod } = Deno;
  let refusals = 0;
  // As FAT, SMB and the disks of Windows under WSL do.
  Deno.chmod = () => {
    refusals++;
    return Promise.reject(new Deno.errors.PermissionDenied("EPERM"));
  };
  try {
    await saveTorrentFile(path, Uint8Array.of(1));
  } finally {
    Deno.chmod = chmod;
  }
  assertEquals(refusals, isWindows ? 0 : 1);
  assertEquals(await Deno.readFile(path), Uint8Array.of(1));
});
