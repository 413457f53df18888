/**
 * The program `peer` with content that is on the disk already: partial, damaged, too
 * long, read-only, or behind a symbolic link.
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { dirname, join } from "@std/path";
import { sha256Of } from "../../scripts/programs/sample_file.ts";
import {
  assertCopied,
  LocalSwarm,
  type PublishedTorrent,
  runPeer,
  spawnPeer,
} from "./local_swarm.ts";
import { listing } from "./temporary_folder.ts";

const PIECE_LENGTH = 65_536;

/** Copies a torrent's content to a new folder. */
async function copyOf(
  swarm: LocalSwarm,
  { torrent, source }: PublishedTorrent,
): Promise<string> {
  const dir = join(swarm.folder, "copy");
  for (const { path } of torrent.files) {
    await Deno.mkdir(dirname(join(dir, ...path)), { recursive: true });
    await Deno.copyFile(join(source, ...path), join(dir, ...path));
  }
  return dir;
}

/** Changes one byte of a file. */
async function damage(path: string, offset: number): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  const byte = new Uint8Array(1);
  await file.seek(offset, Deno.SeekMode.Start);
  await file.read(byte);
  byte[0]! ^= 0x40;
  await file.seek(offset, Deno.SeekMode.Start);
  await file.write(byte);
}

Deno.test("peer continues after it was killed, with the pieces that it has", async () => {
  await using swarm = await LocalSwarm.open();
  const pieceCount = 32;
  const shared = await swarm.seed("a.bin", {
    files: { "": pieceCount * PIECE_LENGTH },
  });
  const dir = join(swarm.folder, "here");
  {
    await using first = spawnPeer(
      ...[shared.path, "--dir", dir, "--json", "--max-download", "250000"],
    );
    for (let count = 0; count < 10; count++) {
      await first.stdout.waitFor(/"type":"pieceVerified"/);
    }
    const { code } = await first.stop("SIGKILL");
    assertEquals(code, 137);
  }
  // The seeder counts the blocks in flight to the killed process until then.
  await swarm.abandoned(shared);
  const sentBefore = swarm.uploadedBytes(shared);
  const { code, stdout } = await runPeer(
    ...[shared.path, "--dir", dir, "--exit-when-complete"],
  );
  assertEquals(code, 0);
  const found =
    /^a\.bin: (\d+) of 32 pieces on the disk are valid; downloading the rest$/m
      .exec(stdout);
  const rightCount = Number(found?.[1]);
  assert(rightCount >= 10 && rightCount < pieceCount, stdout);
  await assertCopied(shared, dir);
  assertEquals(
    swarm.uploadedBytes(shared) - sentBefore,
    (pieceCount - rightCount) * PIECE_LENGTH,
  );
});

Deno.test("peer downloads only damaged pieces again", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.seed("folder", {
    files: { a: 3 * PIECE_LENGTH + 1, b: 5 * PIECE_LENGTH },
  });
  const dir = await copyOf(swarm, shared);
  await damage(join(dir, "folder", "a"), PIECE_LENGTH + 5);
  await damage(join(dir, "folder", "b"), 4 * PIECE_LENGTH);
  const { code, stdout } = await runPeer(
    ...[shared.path, "--dir", dir, "--exit-when-complete"],
  );
  assertEquals(code, 0);
  assertStringIncludes(stdout, "7 of 9 pieces on the disk are valid");
  await assertCopied(shared, dir);
  assertEquals(swarm.uploadedBytes(shared), 2 * PIECE_LENGTH);
});

Deno.test("peer leaves a file without a valid piece alone, unless --force is given", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.seed("a.bin", { files: { "": PIECE_LENGTH } });
  const dir = join(swarm.folder, "here");
  const path = join(dir, "a.bin");
  await Deno.mkdir(dir);
  await Deno.writeTextFile(path, "my thesis");
  const args = [shared.path, "--dir", dir, "--exit-when-complete"];
  const refused = await runPeer(...args);
  assertEquals(refused.code, 1);
  assertMatch(
    refused.stderr,
    /^error: cannot store [^\n]*a\.bin: [^\n]*no piece[^\n]*; move it away[^\n]*--force\n$/,
  );
  assertEquals(await Deno.readTextFile(path), "my thesis");
  const { code, stdout } = await runPeer(...args, "--force");
  assertEquals(code, 0);
  assertStringIncludes(stdout, "a file of this name exists, but no piece");
  await assertCopied(shared, dir);
});

Deno.test("peer leaves one foreign file in a folder alone, also after it was stopped", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.seed("folder", {
    files: { a: 3 * PIECE_LENGTH, b: 2 * PIECE_LENGTH, c: 100 },
  });
  const dir = await copyOf(swarm, shared);
  const at = (name: string): string => join(dir, "folder", name);
  await Deno.remove(at("c"));
  await Deno.writeTextFile(at("b"), "precious");
  const args = [shared.path, "--dir", dir, "--exit-when-complete"];
  for (const _ of ["without a record", "again"]) {
    const { code, stderr } = await runPeer(...args);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "b: the file that is there holds no piece");
  }
  await Deno.remove(at("b"));
  {
    await using first = spawnPeer(
      shared.path,
      "--dir",
      dir,
      "--max-download=1",
    );
    await first.stdout.waitFor(/3 of 6 pieces/);
    assertEquals((await first.stop("SIGINT")).code, 0);
  }
  // The record of the stopped download knows that it made no file there.
  await Deno.writeTextFile(at("b"), "precious");
  const { code } = await runPeer(...args);
  assertEquals(code, 1);
  assertEquals(await Deno.readTextFile(at("b")), "precious");
  await Deno.remove(at("b"));
  assertEquals((await runPeer(...args)).code, 0);
  // A file that it made is mended, as long as a piece of it is left.
  await Deno.truncate(at("b"), PIECE_LENGTH + 5);
  assertEquals((await runPeer(...args)).code, 0);
  await assertCopied(shared, dir);
  await Deno.writeTextFile(at("b"), "precious");
  assertEquals((await runPeer(...args)).code, 1);
  assertEquals(await Deno.readTextFile(at("b")), "precious");
  assertEquals((await runPeer(...args, "--force")).code, 0);
  await assertCopied(shared, dir);
});

Deno.test("peer truncates a file that is too long", async () => {
  await using swarm = await LocalSwarm.open();
  const length = 2 * PIECE_LENGTH + 100;
  const shared = await swarm.seed("a.bin", { files: { "": length } });
  const dir = await copyOf(swarm, shared);
  const path = join(dir, "a.bin");
  await Deno.writeFile(path, new Uint8Array(50), { append: true });
  const { code, stdout } = await runPeer(
    ...[shared.path, "--dir", dir, "--exit-when-complete"],
  );
  assertEquals(code, 0);
  assertStringIncludes(stdout, "2 of 3 pieces on the disk are valid");
  assertEquals((await Deno.stat(path)).size, length);
  await assertCopied(shared, dir);
  assertEquals(swarm.uploadedBytes(shared), 100);
});

Deno.test("peer exits at once with --exit-when-complete if everything is on the disk", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.publish("a.bin", { files: { "": 100_000 } });
  const { code, stdout, stderr } = await runPeer(
    ...[shared.path, "--dir", shared.source, "--exit-when-complete"],
  );
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "a.bin: verified and complete; seeding\n");
});

Deno.test({
  name: "peer seeds from a read-only folder",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.publish("folder", {
      files: { "a.bin": 200_000, "empty": 0 },
    });
    const content = join(shared.source, "folder");
    const file = join(content, "a.bin");
    await Deno.chmod(file, 0o444);
    await Deno.chmod(content, 0o555);
    const before = await Deno.stat(file);
    const dir = join(swarm.folder, "here");
    {
      await using seeder = spawnPeer(shared.path, "--dir", shared.source);
      await seeder.stdout.waitFor(/verified and complete; seeding/);
      const { code } = await runPeer(
        ...[shared.path, "--dir", dir, "--exit-when-complete"],
      );
      assertEquals(code, 0);
      assertEquals((await seeder.stop("SIGINT")).code, 0);
    }
    await assertCopied(shared, dir);
    // Root may write everywhere, but nothing was written.
    assertEquals((await Deno.stat(file)).mtime, before.mtime);
    await Deno.chmod(content, 0o755);
  },
});

Deno.test({
  name: "peer does not write through a symbolic link in the place of its file",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("a.bin", { files: { "": 1000 } });
    const dir = join(swarm.folder, "here");
    await Deno.mkdir(dir);
    const victim = join(swarm.folder, "victim");
    await Deno.writeTextFile(victim, "precious");
    await Deno.symlink(victim, join(dir, "a.bin"));
    const { code, stderr } = await runPeer(
      ...[shared.path, "--dir", dir, "--force"],
    );
    assertEquals(code, 1);
    assertMatch(stderr, /^error: [^\n]*it is a symbolic link[^\n]*; [^\n]*\n$/);
    assertEquals(await Deno.readTextFile(victim), "precious");
  },
});

Deno.test({
  name: "peer does not write through a symbolic link in the place of a folder",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("top", {
      files: { "deep/a": 1000, "deep/empty": 0 },
    });
    const dir = join(swarm.folder, "here");
    const outside = join(swarm.folder, "outside");
    await Deno.mkdir(join(dir, "top"), { recursive: true });
    await Deno.mkdir(outside);
    await Deno.symlink(outside, join(dir, "top", "deep"));
    const { code, stderr } = await runPeer(shared.path, "--dir", dir);
    assertEquals(code, 1);
    assertMatch(stderr, /^error: [^\n]*it is a symbolic link[^\n]*; [^\n]*\n$/);
    assertEquals(await listing(outside), []);
  },
});

Deno.test("peer reports in one line that it cannot write, and continues once it can", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.seed("a.bin", { files: { "": 300_000 } });
  // A file in the place of the folder is as good as a read-only folder, for root too.
  const dir = join(swarm.folder, "here");
  await Deno.writeTextFile(dir, "");
  const refused = await runPeer(shared.path, "--dir", dir);
  assertEquals(refused.code, 1);
  assertMatch(refused.stderr, /^error: cannot [^\n]*here[^\n]*; [^\n]*\n$/);
  await Deno.remove(dir);
  const { code } = await runPeer(
    ...[shared.path, "--dir", dir, "--exit-when-complete"],
  );
  assertEquals(code, 0);
  assertEquals(
    await sha256Of(join(dir, "a.bin")),
    await sha256Of(join(shared.source, "a.bin")),
  );
});

Deno.test({
  name: "peer says that it cannot write while nobody has sent anything",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.publish("a.bin", { files: { "": 300_000 } });
    for (const dir of ["/proc/x", "/dev/shm"]) {
      const { code, stderr } = await runPeer(shared.path, "--dir", dir);
      assertEquals(code, 1);
      assertMatch(stderr, /^error: cannot [^\n]*; choose another folder\n$/);
    }
  },
});

Deno.test({
  name: "peer explains that Deno refuses a folder, with the stack on --debug",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    // Deno 2.4 allows reading there, and refuses only to write the first piece.
    const shared = await swarm.seed("lanswarm.bin", { files: { "": 10 } });
    const args = [shared.path, "--dir", "/dev/shm"];
    const { code, stderr } = await runPeer(...args);
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^error: cannot [^\n]* blocks access to it, [^\n]*; choose another folder\n$/,
    );
    const debugged = await runPeer(...args, "--debug");
    assertMatch(
      debugged.stderr,
      /^StorageError: [^]*^Caused by: NotCapable: /m,
    );
  },
});
