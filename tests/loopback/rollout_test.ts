/**
 * A share that expects hosts: their reports, the verdict and its exit codes, with
 * the programs on 127.0.0.1.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { freePort } from "./machine.ts";
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
  assertEquals(await ask({ info_hash: "ab".repeat(20) }), 503);
  assertEquals(await ask({ state: "gone" }), 400);
  assertEquals(await ask({ reason: "x".repeat(3_000) }), 400);
  assertEquals(await ask({ reason: "x".repeat(20_000) }), 414);
  assertEquals(await ask({ name: "lab\x1b[2J" }), 400);
  await share.stdout.waitFor(/"fetching":1/);
  assertEquals((await share.stop("SIGTERM")).code, 0);
});

Deno.test("wait ends with 0 when all are verified, also if the share ends with it", async () => {
  await using folder = await temporaryFolder();
  const report = join(folder.path, "report.csv");
  const { share, host } = await spawnShare(
    folder.path,
    ...["--expect", NAME, "--report", report],
  );
  await using _ = share;
  await share.stdout.waitFor(/is ready/);
  await using waiting = spawnTask("wait", [`http://${host}/`, "--json"]);
  await share.stdout.waitFor(/^0 of 1 verified/);
  await using done = spawnTask("get", get(host, join(folder.path, "copy")));
  const { code, stdout } = await waiting.ended();
  assertEquals([code, JSON.parse(stdout)], [0, {
    type: "verdict",
    isMet: true,
    missing: [],
  }]);
  assertEquals((await share.ended()).code, 0);
  await done.stop("SIGTERM");
  const [, row] = (await Deno.readTextFile(report)).split("\r\n");
  assertMatch(
    row!,
    /^[^,]+,127\.0\.0\.1,yes,verified,100,.*Z,hash,,,,(1000000)?,0?$/,
  );
});

Deno.test("wait ends with 4 and the names, with 2 without a number, with 1 when the share is gone", async () => {
  await using folder = await temporaryFolder();
  const { share, host } = await spawnShare(folder.path, "--expect", "x[1-2]");
  await using _ = share;
  await share.stdout.waitFor(/is ready/);
  const url = `http://${host}/`;
  const late = await runTask("wait", [url, "--timeout", "2s"]);
  assertEquals([late.code, late.stdout], [4, "x1\nx2\n"]);
  assertMatch(late.stderr, /^x1 {2}missing +never seen$/m);
  assertMatch(
    late.stderr,
    /over with 0 of 2 verified, 2 not; source still needed$/m,
  );
  const asked = await runTask("wait", [url, "--timeout", "1s", "--json"]);
  const { missing, hosts } = JSON.parse(asked.stdout);
  assertEquals([missing, hosts[1]], [["x1", "x2"], {
    ...{ name: "x2", state: "missing", fraction: 0 },
    ...{ reason: "never seen", reasonCode: "silent" },
  }]);
  await using gone = spawnTask("wait", [url, "--quiet"]);
  assertEquals((await share.stop("SIGTERM")).code, 4);
  const { code, stderr } = await gone.ended();
  assertEquals(code, 1);
  assertMatch(stderr, /^error: cannot wait on: .*; the share has ended/);
  const other = await spawnShare(folder.path);
  await using __ = other.share;
  await other.share.stdout.waitFor(/is ready/);
  const unclear = await runTask("wait", [other.host]);
  assertEquals(unclear.code, 2);
  assertMatch(unclear.stderr, /say how many hosts with --at-least/);
});

Deno.test("the API lists shares and hosts, their changes and a table", async () => {
  await using folder = await temporaryFolder();
  const { share, host } = await spawnShare(folder.path, "--expect", "x1");
  await using _ = share;
  await share.stdout.waitFor(/is ready/);
  const list = await (await fetch(`http://${host}/api/v1/shares`)).json();
  assertEquals(
    [list.version, list.shares[0].name, list.shares[0].counts.missing],
    [1, "a.bin", 1],
  );
  const url = `http://${host}/api/v1/shares/${list.shares[0].id}`;
  const document = await (await fetch(url)).json();
  assertEquals(document.hosts[0].state, "missing");
  const table = await (await fetch(`${url}/report.csv`)).text();
  assertMatch(table, /^x1,,yes,missing,0,/m);
  const events = await fetch(`${url}/events`);
  assertEquals(events.headers.get("content-type"), "text/event-stream");
  let text = "";
  for await (const bytes of events.body!) {
    text += new TextDecoder().decode(bytes);
    if (/^event: host\ndata: \{"name":"x1",.*\}$/m.test(text)) break;
  }
  for (const path of ["/api/", "/api/v1/shares/none", "/api/v1/x"]) {
    const response = await fetch(`http://${host}${path}`);
    await response.body?.cancel();
    assertEquals(response.status, 404);
  }
  const posted = await fetch(url, { method: "POST" });
  await posted.body?.cancel();
  assertEquals(posted.status, 405);
  assertEquals((await share.stop("SIGTERM")).code, 4);
});
