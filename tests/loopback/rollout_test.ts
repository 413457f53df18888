/**
 * A share that expects hosts: their reports, the verdict and its exit codes, with
 * the programs on 127.0.0.1.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { freePort } from "./free_port.ts";
import { makeContent } from "./memory_torrent.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const LOCAL = ["--host", "127.0.0.1", "--no-discovery"];
const NAME = Deno.hostname();

/** Starts share of a small file on a port of 127.0.0.1. */
async function spawnShare(
  folder: string,
  ...args: string[]
): Promise<{ readonly share: RunningProgram; readonly host: string }> {
  const file = join(folder, "a.bin");
  await Deno.writeFile(file, makeContent("a.bin", 1_000_000));
  const port = freePort();
  const share = spawnTask("share", [
    ...[file, "--port", `${port}`, "--peer-port", "0", ...LOCAL, ...args],
  ]);
  return { share, host: `127.0.0.1:${port}` };
}

function get(host: string, dir: string, ...args: string[]): string[] {
  return [host, "--dir", dir, "--port", "0", ...LOCAL, ...args];
}

Deno.test("share --expect prints who is missing, one a line, when it must end", async () => {
  await using folder = await temporaryFolder();
  const list = join(folder.path, "hosts.txt");
  await Deno.writeTextFile(list, `# room 1\n${NAME}\nnosuch[01-02]\n`);
  const started = await spawnShare(
    folder.path,
    ...["--expect", `@${list}`, "--quiet"],
  );
  await using share = started.share;
  await share.stdout.waitFor(/Watch/);
  const copy = join(folder.path, "copy");
  const args = get(started.host, copy, "--exit-when-complete");
  assertEquals((await runTask("get", args)).code, 0);
  const { code, stdout, stderr } = await share.stop("SIGTERM");
  assertEquals(code, 4);
  assertEquals(stdout.trimEnd().split("\n").slice(-2), [
    "nosuch01",
    "nosuch02",
  ]);
  assertMatch(stderr, /^error: cannot finish: 1 of the 3 machines/m);
  assertMatch(stderr, /^ {2}nosuch01 +missing +never seen$/m);
});

Deno.test("share --expect --stay goes on when a command has ended on every host", async () => {
  await using folder = await temporaryFolder();
  const started = await spawnShare(
    folder.path,
    ...["--expect", `${NAME},127.0.0.9`, "--at-least", "1", "--stay", "--json"],
  );
  await using share = started.share;
  await share.stdout.waitFor(/"ready"/);
  await using done = spawnTask(
    "get",
    get(started.host, join(folder.path, "copy"), "--on-complete", "true"),
  );
  await share.stdout.waitFor(/"done":1/);
  assertEquals((await share.stop("SIGTERM")).code, 0);
  assertEquals((await done.stop("SIGTERM")).code, 0);
});

Deno.test("share names a host that cannot fetch, and its reason", async () => {
  await using folder = await temporaryFolder();
  const started = await spawnShare(folder.path, "--expect", NAME);
  await using share = started.share;
  await share.stdout.waitFor(/is ready/);
  const blocked = join(folder.path, "a.bin", "below");
  assertEquals((await runTask("get", get(started.host, blocked))).code, 1);
  const { code, stdout, stderr } = await share.stop("SIGTERM");
  assertEquals([code, stdout.trimEnd().split("\n").at(-1)], [4, NAME]);
  assertMatch(stderr, /failed +cannot write .* a file stands where a folder/);
});

Deno.test("share --expect ends with the names at its --timeout", async () => {
  await using folder = await temporaryFolder();
  const expect = ["--expect", "nosuch", "--timeout", "2s"];
  const { share } = await spawnShare(folder.path, ...expect);
  await using _ = share;
  const { code, stdout } = await share.ended();
  assertEquals([code, stdout.trimEnd().split("\n").at(-1)], [4, "nosuch"]);
});

Deno.test("share takes no report of a browser, of too many bytes or of another torrent", async () => {
  await using folder = await temporaryFolder();
  const started = await spawnShare(folder.path, "--json");
  await using share = started.share;
  const ready = await share.stdout.waitFor(/"ready"/);
  const { infoHash } = JSON.parse(ready.input!);
  const ask = async (
    changes: Record<string, string> = {},
    headers: Record<string, string> = { "user-agent": "test" },
  ): Promise<number> => {
    const query = new URLSearchParams({
      ...{ info_hash: infoHash, peer_id: "cd".repeat(20), port: "6881" },
      ...{ name: "lab07", state: "fetching", fraction: "0.5" },
      ...{ down: "0", up: "0", ...changes },
    });
    const url = `http://${started.host}/api/v1/report?${query}`;
    const response = await fetch(url, { headers });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await ask(), 200);
  assertEquals(await ask({}, { "user-agent": "Mozilla/5.0" }), 403);
  assertEquals(await ask({ info_hash: "ab".repeat(20) }), 404);
  assertEquals(await ask({ state: "gone" }), 400);
  assertEquals(await ask({ reason: "x".repeat(3_000) }), 400);
  assertEquals(await ask({ reason: "x".repeat(20_000) }), 414);
  assertEquals(await ask({ name: "lab\x1b[2J" }), 400);
  await share.stdout.waitFor(/"fetching":1/);
  assertEquals((await share.stop("SIGTERM")).code, 0);
});
