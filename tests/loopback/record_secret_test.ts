/**
 * Resume records of others: pieces are known only by records of this user.
 */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { StorageError } from "../../lib/base/errors.ts";
import { Bitfield } from "../../lib/base/bitfield.ts";
import { openRecordSecret } from "../../lib/disk/record_secret.ts";
import { encodeResumeRecord } from "../../lib/disk/resume_record.ts";
import { openTorrentContent } from "../../lib/disk/torrent_content.ts";
import { spawnTask } from "../../scripts/programs/tasks.ts";
import { LocalSwarm, type PublishedTorrent } from "./local_swarm.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { testUnless } from "../test_unless.ts";

const PIECE_LENGTH = 65_536;
const PIECE_COUNT = 8;

/** Replaces the content by zeros, as whoever can write there may. */
async function exchangeContent(shared: PublishedTorrent): Promise<void> {
  const path = join(shared.source, shared.torrent.name);
  const { mtime } = await Deno.stat(path);
  const content = await Deno.readFile(path);
  await Deno.writeFile(path, content.fill(0, PIECE_LENGTH));
  await Deno.utime(path, mtime!, mtime!);
}

/** A record that calls everything verified, with the present stamp of the file. */
async function forge(
  { torrent, source }: PublishedTorrent,
  secret?: Uint8Array,
): Promise<void> {
  const have = new Bitfield(PIECE_COUNT);
  for (let index = 0; index < PIECE_COUNT; index++) have.add(index);
  const { size, mtime } = await Deno.stat(join(source, torrent.name));
  const stamps = [{ size, modifiedMs: mtime!.getTime() }];
  const bytes = encodeResumeRecord(torrent, { have, stamps }, secret);
  const folder = join(source, ".lanswarm");
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeFile(join(folder, `${torrent.infoHash}.resume`), bytes);
}

Deno.test("a forged record proves nothing: everything is hashed", async () => {
  await using swarm = await LocalSwarm.open();
  const files = { "": PIECE_COUNT * PIECE_LENGTH };
  const shared = await swarm.publish("a.bin", { files });
  const recordSecret = await openRecordSecret(join(swarm.folder, "state"));
  const other = new Uint8Array(32);
  await exchangeContent(shared);
  const count = async (secret?: Uint8Array): Promise<number> => {
    await forge(shared, secret);
    const options = { dir: shared.source, recordSecret };
    await using content = await openTorrentContent(shared.torrent, options);
    return (await content.verify()).count;
  };
  assertEquals(await count(), 1);
  assertEquals(await count(other), 1);
  // The record of whoever has the secret is believed.
  assertEquals(await count(recordSecret), PIECE_COUNT);
});

Deno.test("a secret is made once, for this user alone", async () => {
  await using folder = await temporaryFolder();
  const state = join(folder.path, "new", "state");
  const [one, two] = await Promise.all([
    ...[openRecordSecret(state), openRecordSecret(state)],
  ]);
  assertEquals([one, one?.length], [two, 32]);
  assertEquals(await openRecordSecret(state), one);
  const names = Array.from(Deno.readDirSync(state), ({ name }) => name);
  assertEquals(names, ["record.key"]);
  if (Deno.build.os === "windows") return;
  const modeOf = (path: string): number => Deno.statSync(path).mode! & 0o777;
  assertEquals(modeOf(state), 0o700);
  assertEquals(modeOf(join(state, "record.key")), 0o600);
});

Deno.test({
  name: "a secret that others may know is refused with a remedy",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await temporaryFolder();
    const state = folder.path;
    const path = join(state, "record.key");
    await Deno.chmod(state, 0o700);
    await openRecordSecret(state);
    const refusal = async (): Promise<string> =>
      (await assertRejects(() => openRecordSecret(state), StorageError))
        .message;
    await Deno.chmod(path, 0o640);
    assertMatch(
      await refusal(),
      /record\.key: other users can read it; remove/,
    );
    await Deno.chmod(path, 0o600);
    await Deno.chmod(state, 0o770);
    assertMatch(await refusal(), /other users can write to it; chmod go-w \//);
    await Deno.chmod(state, 0o700);
    await Deno.truncate(path, 31);
    assertMatch(await refusal(), /it is not a file of 32 bytes; remove it/);
    await Deno.remove(path);
    await Deno.writeFile(join(state, "other"), new Uint8Array(32), {
      mode: 0o600,
    });
    await Deno.symlink("other", path);
    assertMatch(await refusal(), /other users can read it|not a file of 32/);
    await Deno.remove(path);
    const pipe = new Deno.Command("mkfifo", { args: ["-m", "600", path] });
    assertEquals((await pipe.output()).code, 0);
    assertMatch(await refusal(), /not a file of 32 bytes/);
  },
});

testUnless(
  Deno.build.os === "windows" || Deno.uid() !== 0
    ? "only root can give files away"
    : undefined,
  "a secret that another user made is not trusted, whoever owns the folder",
  async () => {
    await using folder = await temporaryFolder();
    const state = join(folder.path, "state");
    const path = join(state, "record.key");
    const secret = await openRecordSecret(state);
    // A folder may be another user's, as that of HOME under sudo.
    await Deno.chown(state, 1234, 1234);
    assertEquals(await openRecordSecret(state), secret);
    await Deno.chown(path, null, 1234);
    assertEquals(await openRecordSecret(state), secret);
    for (const uid of [1234, 65534]) {
      await Deno.chown(path, uid, 1234);
      const { message } = await assertRejects(
        () => openRecordSecret(state),
        StorageError,
      );
      assertMatch(message, /record\.key: it belongs to another user/);
    }
    // Nothing else is left there.
    const names = Array.from(Deno.readDirSync(state), ({ name }) => name);
    assertEquals(names, ["record.key"]);
  },
);

/** The first lines of a seeder until its content is verified. */
async function seed(
  { path, source }: PublishedTorrent,
  options: { readonly env: Record<string, string>; readonly flags?: string[] },
): Promise<{ readonly verified: string; readonly stderr: string }> {
  const args = ["--host=127.0.0.1", "--port=0", path, "--dir", source];
  const flags = [...args, "--json", ...options.flags ?? []];
  // Deno finds its packages below HOME, unless it is told where they are.
  const cache = join(Deno.env.get("HOME") ?? "", ".cache", "deno");
  const DENO_DIR = Deno.env.get("DENO_DIR") ?? cache;
  const env = { DENO_DIR, ...options.env };
  await using program = spawnTask("peer", flags, { env });
  const [verified] = await program.stdout.waitFor(/^.*"type":"verified".*$/m);
  return { verified: verified!, stderr: (await program.stop()).stderr };
}

Deno.test("peer keeps its secret where the flag, the service or the user says", async () => {
  await using swarm = await LocalSwarm.open();
  const files = { "": PIECE_COUNT * PIECE_LENGTH };
  const shared = await swarm.publish("a.bin", { files });
  const at = (name: string): string => join(swarm.folder, name);
  const env = { HOME: at("home"), XDG_STATE_HOME: "", STATE_DIRECTORY: "" };
  const service = { ...env, STATE_DIRECTORY: `${at("service")}:${at("more")}` };
  const keyed = (path: string): Promise<Deno.FileInfo> =>
    Deno.stat(join(path, "record.key"));
  assertEquals((await seed(shared, { env })).stderr, "");
  await keyed(at("home/.local/state/lanswarm"));
  assertEquals((await seed(shared, { env: service })).stderr, "");
  await keyed(at("service"));
  const flags = ["--state", at("flag")];
  assertEquals((await seed(shared, { env: service, flags })).stderr, "");
  await keyed(at("flag"));
});

Deno.test("peer without a place for a secret says once that it hashes everything", async () => {
  await using swarm = await LocalSwarm.open();
  const files = { "": PIECE_COUNT * PIECE_LENGTH };
  const shared = await swarm.publish("a.bin", { files });
  await exchangeContent(shared);
  await forge(shared);
  const env = { HOME: "", XDG_STATE_HOME: "", STATE_DIRECTORY: "" };
  const { verified, stderr } = await seed(shared, { env });
  assertEquals(JSON.parse(verified).verified, PIECE_LENGTH);
  assertEquals(
    stderr,
    "warning: everything on the disk is hashed at each start: cannot keep a secret: the environment names no folder for it; set HOME or STATE_DIRECTORY; or give --state FOLDER\n",
  );
  const busy = await seed(shared, { env, flags: ["--state", shared.path] });
  assertMatch(busy.stderr, /^warning: everything .*a\.bin\.torrent.*\n$/);
});
