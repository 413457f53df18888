/**
 * The programs `peer` and `show` with the URL of a torrent file.
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runTask } from "../../scripts/programs/tasks.ts";
import { freePort } from "./machine.ts";
import { assertCopied, LocalSwarm, runPeer } from "./local_swarm.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";

interface FileServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

/** Serves the files at their paths, and 404 for other paths. */
function serveFiles(
  files: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>,
): FileServer {
  const closing = new AbortController();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    signal: closing.signal,
  }, ({ url }) => {
    const body = files[new URL(url).pathname];
    return new Response(body ?? "nothing", {
      status: body === undefined ? 404 : 200,
    });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => {
      closing.abort();
      return server.finished;
    },
  };
}

Deno.test("peer accepts URLs of torrent files, and paths beside them", async () => {
  await using swarm = await LocalSwarm.open();
  const far = await swarm.seed("far.bin", { files: { "": 300_000 } });
  const near = await swarm.seed("near", { files: { x: 100_000, y: 1 } });
  await using server = serveFiles({
    "/torrents/far.bin.torrent": await Deno.readFile(far.path),
  });
  const dir = join(swarm.folder, "here");
  const { code, stderr } = await runPeer(
    ...[`${server.url}/torrents/far.bin.torrent`, near.path],
    ...["--dir", dir, "--exit-when-complete"],
  );
  assertEquals([code, stderr], [0, ""]);
  await assertCopied(far, dir);
  await assertCopied(near, dir);
  // The torrent file stays on the server.
  assertEquals(await listing(dir), ["far.bin", "near/x", "near/y"]);
});

Deno.test("show describes the torrent file at a URL", async () => {
  await using swarm = await LocalSwarm.open();
  const { path } = await swarm.seed("far.bin", { files: { "": 300_000 } });
  await using server = serveFiles({ "/a": await Deno.readFile(path) });
  const fetched = await runTask("show", [`${server.url}/a`, "--json"]);
  const read = await runTask("show", [path, "--json"]);
  assertEquals([fetched.code, fetched.stderr], [0, ""]);
  assertEquals(fetched.stdout, read.stdout);
});

Deno.test("peer and show report a failure in one line that names the URL", async () => {
  await using server = serveFiles({
    "/page": "<html>",
    "/other": "something else",
    "/broken.torrent": "d4:infod12:piece lengthi0eee",
  });
  const nobody = `http://127.0.0.1:${freePort()}`;
  const cases: [url: string, code: number, line: string][] = [
    [
      `${server.url}/missing.torrent`,
      1,
      "cannot fetch URL: the server has no such file (HTTP status 404); check the name",
    ],
    [
      `${server.url}/page`,
      3,
      "cannot read URL as a torrent file: it is a web page; give the URL of the .torrent file itself",
    ],
    [
      `${server.url}/other`,
      3,
      "cannot read URL as a torrent file: it is not bencode: no value at byte 0; give the URL of the .torrent file itself",
    ],
    [
      `${server.url}/broken.torrent`,
      3,
      "cannot read URL: info.name: is missing; get a fresh copy of the torrent file",
    ],
  ];
  for (const [url, code, line] of cases) {
    for (const task of ["peer", "show"] as const) {
      const result = await runTask(task, [url]);
      assertEquals(
        [result.stderr, result.stdout, result.code],
        [`error: ${line.replace("URL", url)}\n`, "", code],
      );
    }
  }
  const refused = await runTask("show", [`${nobody}/a.torrent`]);
  assertMatch(
    refused.stderr,
    /^error: cannot fetch http:\S+\/a\.torrent: .*refused.*; check the URL and that the server is running\n$/,
  );
  assertEquals([refused.stdout, refused.code], ["", 1]);
});

Deno.test("peer reports a URL that is given twice, and starts nothing if one cannot be fetched", async () => {
  await using swarm = await LocalSwarm.open();
  const { path } = await swarm.seed("far.bin", { files: { "": 300_000 } });
  await using server = serveFiles({ "/a": await Deno.readFile(path) });
  const url = `${server.url}/a`;
  const twice = await runPeer(url, url);
  assertEquals(twice.code, 2);
  assertStringIncludes(twice.stderr, `${url} is given twice`);
  const both = await runPeer(url, path);
  assertStringIncludes(both.stderr, `${url} and ${path} are the same torrent`);
  await using folder = await temporaryFolder();
  const dir = join(folder.path, "here");
  const one = await runPeer(path, `${server.url}/b`, "--dir", dir);
  assertEquals([one.code, one.stdout], [1, ""]);
  assertEquals(await listing(folder.path), []);
});
