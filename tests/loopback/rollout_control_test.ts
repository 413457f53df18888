/**
 * Pause, resume and limit of a share, with the programs on 127.0.0.1.
 */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { openFolderToken } from "../../lib/mod.ts";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { freePort } from "./machine.ts";
import { makeContent } from "./memory_torrent.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const LOCAL = ["--host", "127.0.0.1", "--no-discovery"];
const MIB = 1024 * 1024;
/** Longest wait for what takes a second, on a busy machine. */
const LONGEST_MS = 60_000;
const TOKEN = "a-token-of-the-tests";

/** Starts share of a file in each folder. */
async function spawnShare(
  folders: readonly string[],
  { length = 1_000_000, args = [], env = {} }: {
    readonly length?: number;
    readonly args?: readonly string[];
    readonly env?: Record<string, string>;
  } = {},
): Promise<{ readonly share: RunningProgram; readonly origin: string }> {
  const files = folders.map((folder, index) => join(folder, `${index}.bin`));
  for (const file of files) {
    await Deno.writeFile(file, makeContent(file, length));
  }
  const port = freePort();
  const share = spawnTask("share", [
    ...[...files, "--port", `${port}`, "--peer-port", "0", ...LOCAL, ...args],
  ], { env });
  await share.stdout.waitFor(/is ready/);
  return { share, origin: `http://127.0.0.1:${port}` };
}

/** The bytes that all hosts of the only share have. */
async function sumOf(origin: string): Promise<number> {
  const list = await (await fetch(`${origin}/api/v1/shares`)).json();
  const [{ id, sizeBytes }] = list.shares;
  const share = await (await fetch(`${origin}/api/v1/shares/${id}`)).json();
  return share.hosts.reduce(
    (sum: number, { fraction }: { fraction: number }) =>
      sum + fraction * sizeBytes,
    0,
  );
}

/** Waits until the hosts have received more, or nothing for a while. */
async function untilMoves(origin: string, moves: boolean): Promise<void> {
  const endMs = performance.now() + LONGEST_MS;
  for (let before = await sumOf(origin);;) {
    await delay(2_000);
    const now = await sumOf(origin);
    if ((now > before) === moves) return;
    before = now;
    assert(performance.now() < endMs, moves ? "still paused" : "not paused");
  }
}

Deno.test("limit, pause, resume: the hosts of a share obey, and are complete in the end", async () => {
  await using folder = await temporaryFolder();
  const limit = 2 * MIB;
  const { share, origin } = await spawnShare([folder.path], {
    length: 40 * MIB,
  });
  await using _ = share;
  const token = join(folder.path, ".lanswarm", "token");
  if (Deno.build.os !== "windows") {
    assertEquals((await Deno.stat(token)).mode! & 0o777, 0o600);
  }
  const command = async (
    name: "pause" | "resume" | "limit",
    ...args: string[]
  ): Promise<string> => {
    const cwd = folder.path;
    const { code, stdout, stderr } = await runTask(name, [...args, origin], {
      cwd,
    });
    assertEquals([code, stderr], [0, ""]);
    return stdout;
  };
  assertEquals(await command("limit", "2MiB/s"), "0.bin: at most 2 MiB/s\n");
  const startMs = performance.now();
  await using first = spawnGet(origin, join(folder.path, "first"));
  await using second = spawnGet(origin, join(folder.path, "second"));
  while (await sumOf(origin) < 16 * MIB) await delay(100);
  // 8 s at the limit, and one without it. The first answer to a report comes after the
  // first pieces, and on a busy machine later: until then both send what the source may.
  assertGreater(performance.now() - startMs, 3_500);
  assertEquals(await command("pause"), "0.bin: paused\n");
  await first.stdout.waitFor(/paused by the share/);
  await second.stdout.waitFor(/paused by the share/);
  await untilMoves(origin, false);
  const list = await (await fetch(`${origin}/api/v1/shares`)).json();
  assertEquals(
    [list.shares[0].paused, list.shares[0].limitBytesPerSecond],
    [true, limit],
  );
  const metrics = await (await fetch(`${origin}/metrics`)).text();
  assertMatch(metrics, /^lanswarm_share_hosts\{state="missing"\} 0$/m);
  assertMatch(metrics, /^lanswarm_share_hosts\{state="fetching"\} [12]$/m);
  assertEquals(await command("resume"), "0.bin: at most 2 MiB/s\n");
  await untilMoves(origin, true);
  assertEquals(await command("limit", "none"), "0.bin: no limit\n");
  assertEquals((await first.ended()).code, 0);
  assertEquals((await second.ended()).code, 0);
  assertEquals((await share.stop("SIGTERM")).code, 0);
});

function spawnGet(origin: string, dir: string): RunningProgram {
  const host = new URL(origin).host;
  return spawnTask("get", [
    ...[host, "--dir", dir, "--port", "0", ...LOCAL, "--exit-when-complete"],
  ]);
}

Deno.test("a host whose share ends while it is paused goes on with the others", async () => {
  await using folder = await temporaryFolder();
  const { share, origin } = await spawnShare([folder.path]);
  await using _ = share;
  const env = { LANSWARM_TOKEN: await tokenOf(folder.path) };
  assertEquals((await runTask("pause", [origin], { env })).code, 0);
  await using waiting = spawnGet(origin, join(folder.path, "copy"));
  await waiting.stdout.waitFor(/paused by the share/);
  await share.stop("SIGTERM");
  await waiting.stdout.waitFor(/the share goes on/);
});

async function tokenOf(folder: string): Promise<string> {
  const path = join(folder, ".lanswarm", "token");
  return (await Deno.readTextFile(path)).trim();
}

Deno.test("a command without a token, or with a wrong one, changes nothing", async () => {
  await using folder = await temporaryFolder();
  const { share, origin } = await spawnShare([folder.path]);
  await using _ = share;
  const none = await runTask("pause", [origin]);
  assertEquals([none.code, none.stdout], [2, ""]);
  assertMatch(none.stderr, /no token is known for .*LANSWARM_TOKEN/);
  const file = join(folder.path, "wrong");
  await Deno.writeTextFile(file, `${TOKEN}\n`);
  const wrong = await runTask("limit", [
    ...["10MB/s", origin, "--token-file", file],
  ]);
  assertEquals([wrong.code, wrong.stdout], [1, ""]);
  assertMatch(
    wrong.stderr,
    /^error: cannot limit: .*not the one of this share/,
  );
  const short = await runTask("pause", [origin], {
    env: { LANSWARM_TOKEN: "short" },
  });
  assertEquals(short.code, 2);
  // The token of a folder is for this machine alone.
  const away = await runTask("pause", ["192.0.2.1"], { cwd: folder.path });
  assertEquals(away.code, 2);
  const list = await (await fetch(`${origin}/api/v1/shares`)).json();
  assertEquals(list.shares[0].paused, false);
  const url = `${origin}/api/v1/shares/all/pause`;
  const headers = { authorization: `Bearer ${await tokenOf(folder.path)}` };
  const post = async (more: Record<string, string>): Promise<number> => {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, ...more },
    });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await post({ origin: "http://evil.example" }), 403);
  assertEquals(await post({ authorization: "" }), 401);
  assertEquals(await post({}), 200);
});

Deno.test("share takes the token of a file, and then saves none", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "named");
  await Deno.writeTextFile(file, TOKEN);
  const { share, origin } = await spawnShare([folder.path], {
    args: ["--token-file", file],
  });
  await using _ = share;
  const saved = await Deno.lstat(join(folder.path, ".lanswarm", "token"))
    .catch(() => undefined);
  assertEquals(saved, undefined);
  const env = { LANSWARM_TOKEN: TOKEN };
  const { code, stdout } = await runTask("pause", [origin, "--json"], { env });
  assertEquals(code, 0);
  const { type, shares } = JSON.parse(stdout);
  assertEquals([type, shares.length, shares[0].paused], ["pause", 1, true]);
});

Deno.test("shares of several folders in one process have a token in each", async () => {
  await using one = await temporaryFolder();
  await using other = await temporaryFolder();
  const { share, origin } = await spawnShare([one.path, other.path]);
  await using _ = share;
  await share.stdout.waitFor(/1\.bin is ready/);
  const tokens = [await tokenOf(one.path), await tokenOf(other.path)];
  assertEquals(new Set(tokens).size, 2);
  for (const token of tokens) {
    const { code, stdout } = await runTask("pause", [origin], {
      env: { LANSWARM_TOKEN: token },
    });
    assertEquals([code, stdout], [0, "0.bin: paused\n1.bin: paused\n"]);
  }
});

Deno.test("share goes on without commands where something else is called token", async () => {
  await using folder = await temporaryFolder();
  await Deno.mkdir(join(folder.path, ".lanswarm", "token"), {
    recursive: true,
  });
  const { share } = await spawnShare([folder.path]);
  await using _ = share;
  await share.stderr.waitFor(/pause, resume and limit are off: cannot /);
});

Deno.test("openFolderToken() keeps a token of this user, and no other", async () => {
  await using folder = await temporaryFolder();
  const [mine, foreign] = [1, 2].map((byte) => new Uint8Array(32).fill(byte));
  const token = await openFolderToken(folder.path, mine);
  assertMatch(token!, /^[0-9a-f]{104}$/);
  assertEquals(await openFolderToken(folder.path, mine), token);
  // As if the folder came from somebody else, who knows its token.
  const other = await openFolderToken(folder.path, foreign);
  assertEquals(other === token, false);
  assertEquals(await tokenOf(folder.path), other);
  assertEquals(await openFolderToken(folder.path) === other, false);
  const planted = join(folder.path, ".lanswarm", "token");
  await Deno.writeTextFile(planted, "known-to-others-too");
  assertMatch((await openFolderToken(folder.path, mine))!, /^[0-9a-f]{104}$/);
});
