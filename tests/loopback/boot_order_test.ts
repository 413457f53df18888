/**
 * The program `peer` that is started before the server of its torrent file.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { freePort } from "./machine.ts";
import { assertCopied, LocalSwarm, runPeer } from "./local_swarm.ts";

/** Serves what `answer` returns, from now until disposed of. */
async function serve(
  port: number,
  answer: () => Response,
): Promise<AsyncDisposable> {
  const closing = new AbortController();
  const { signal } = closing;
  const hostname = "127.0.0.1";
  const listen = (): Deno.HttpServer =>
    Deno.serve({ hostname, port, signal, onListen: () => {} }, answer);
  // A program that another test starts just now has the listener that was closed
  // until it runs.
  const server = await retry(listen);
  return {
    [Symbol.asyncDispose]: () => {
      closing.abort();
      return server.finished;
    },
  };
}

async function retry(listen: () => Deno.HttpServer): Promise<Deno.HttpServer> {
  for (let attempt = 1;; attempt++) {
    try {
      return listen();
    } catch (error) {
      const isTaken = error instanceof Deno.errors.AddrInUse;
      if (!isTaken || attempt === 20) throw error;
      await delay(100);
    }
  }
}

/** Runs a peer whose server answers 503, 429 or not at all for a while. */
async function shareLate(
  early:
    | ((port: number) => AsyncDisposable | Promise<AsyncDisposable>)
    | undefined,
): Promise<string> {
  await using swarm = await LocalSwarm.open();
  const sample = await swarm.seed("sample.bin", { files: { "": 300_000 } });
  const file = await Deno.readFile(sample.path);
  const port = freePort();
  const url = `http://127.0.0.1:${port}/sample.torrent`;
  const dir = `${swarm.folder}/here`;
  const args = [
    ...[url, "--dir", dir, "--port=0", "--exit-when-complete"],
    "--no-discovery",
  ];
  const before = await early?.(port);
  await using peer = spawnTask("peer", args);
  await peer.stderr.waitFor(/warning: cannot fetch/);
  await before?.[Symbol.asyncDispose]();
  await delay(500);
  await using _ = await serve(port, () => new Response(file));
  const { code, stderr } = await peer.ended();
  assertEquals(code, 0, stderr);
  await assertCopied(sample, dir);
  return stderr.replaceAll(url, "URL");
}

Deno.test("peer waits for the server of a torrent file that is not up yet", async () => {
  assertMatch(
    await shareLate(undefined),
    /^warning: cannot fetch URL: .*refused.*; trying again for 1m \(--retry-for\)\n$/,
  );
});

for (const status of [429, 500, 503]) {
  Deno.test(`peer waits for a server that answers with status ${status}`, async () => {
    const early = (port: number): Promise<AsyncDisposable> =>
      serve(port, () => new Response("not yet", { status }));
    const lines = (await shareLate(early)).split("\n");
    assertMatch(lines[0]!, new RegExp(`HTTP status ${status}.*; trying again`));
  });
}

Deno.test("peer gives up after --retry-for, with exit code 4", async () => {
  const url = `http://127.0.0.1:${freePort()}/a.torrent`;
  for (const [time, given] of [["1s", "1s"], ["0", undefined]] as const) {
    const startMs = performance.now();
    const { code, stderr, stdout } = await runPeer(url, "--retry-for", time);
    assertEquals([code, stdout], [4, ""]);
    const lines = stderr.trimEnd().split("\n");
    assertMatch(lines.at(-1)!, /^error: cannot fetch .*refused/);
    assertEquals(lines.length, given === undefined ? 1 : 2);
    assertEquals(
      lines.at(-1)!.includes(`given up after ${given}`),
      given !== undefined,
    );
    assert(performance.now() - startMs > (given === undefined ? 0 : 1_000));
  }
});

Deno.test("peer ends at once where waiting cannot help", async () => {
  const port = freePort();
  const late = `http://127.0.0.1:${freePort()}/b.torrent`;
  for (
    const [status, body, code] of [
      [404, "", 1],
      [403, "", 1],
      [200, "<html>", 3],
    ] as const
  ) {
    await using _ = await serve(port, () => new Response(body, { status }));
    const url = `http://127.0.0.1:${port}/a.torrent`;
    // Neither does the wait for another file go on.
    const result = await runPeer(url, late, "--retry-for", "forever");
    assertEquals(result.code, code, result.stderr);
  }
});

/** A peer with a torrent that loads at once and one that `serve` may serve later. */
async function shareBeside(
  { args, meanwhile, late }: {
    readonly args: readonly string[];
    /** The server of the second one, until the first is complete. @default none */
    readonly meanwhile?: (port: number) => Disposable;
    /** Its answer from then on. @default none */
    readonly late?: (file: Uint8Array<ArrayBuffer>) => Response;
  },
): Promise<{ code: number; stderr: string }> {
  await using swarm = await LocalSwarm.open();
  const files = { "": 300_000 };
  const [here, there] = [
    await swarm.seed("here.bin", { files }),
    await swarm.seed("there.bin", { files }),
  ];
  const file = await Deno.readFile(there.path);
  const port = freePort();
  const url = `http://127.0.0.1:${port}/there.torrent`;
  const dir = `${swarm.folder}/copies`;
  using stack = new DisposableStack();
  const silent = meanwhile?.(port);
  if (silent !== undefined) stack.use(silent);
  await using peer = spawnTask("peer", [
    ...[url, here.path, "--dir", dir, "--port=0", "--exit-when-complete"],
    ...args,
  ]);
  await peer.stdout.waitFor(/here\.bin: complete and verified/);
  await assertCopied(here, dir);
  stack.dispose();
  await using _ = late === undefined
    ? undefined
    : await serve(port, () => late(file));
  const { code, stderr } = await peer.ended();
  if (code === 0) await assertCopied(there, dir);
  return { code, stderr };
}

const FOREVER = ["--retry-for", "forever"];

Deno.test("peer shares what has loaded while a server is not up, and the rest later", async () => {
  const { code, stderr } = await shareBeside({
    args: FOREVER,
    late: (file) => new Response(file),
  });
  assertEquals(code, 0, stderr);
});

Deno.test("peer shares what has loaded while a server is silent", async () => {
  const { code, stderr } = await shareBeside({
    args: FOREVER,
    meanwhile: (port) => Deno.listen({ hostname: "127.0.0.1", port }),
    late: (file) => new Response(file),
  });
  assertEquals(code, 0, stderr);
});

Deno.test("peer completes the others when a late torrent fails, and ends with its exit code", async () => {
  const refusals: [answer: Response, code: number, message: RegExp][] = [
    [new Response("", { status: 404 }), 1, /^error: cannot fetch .* 404/m],
    [new Response("<html>"), 3, /^error: cannot read .*is a web page/m],
  ];
  for (const [answer, code, message] of refusals) {
    const late = (): Response => answer;
    const result = await shareBeside({ args: FOREVER, late });
    assertEquals(result.code, code);
    assertMatch(result.stderr, message);
  }
  const absent = await shareBeside({ args: ["--retry-for", "2s"] });
  assertEquals(absent.code, 4);
  assertMatch(absent.stderr, /^error: cannot fetch .*given up after 2s/m);
});

Deno.test("peer is not complete before all its torrents are", async () => {
  const args = [...FOREVER, "--give-up-after", "8s"];
  const { code, stderr } = await shareBeside({ args });
  assertEquals(code, 4);
  assertMatch(stderr, /^error: cannot finish: nothing has arrived for 8s/m);
});

Deno.test("peer ends soon when it is interrupted while it waits", async () => {
  const url = `http://127.0.0.1:${freePort()}/a.torrent`;
  await using peer = spawnTask("peer", [url, "--retry-for", "forever"]);
  await peer.stderr.waitFor(/trying again until that changes/);
  const startMs = performance.now();
  const { code } = await peer.stop("SIGTERM");
  // A stop that was asked for.
  assertEquals(code, 0);
  // It would wait for ever.
  assert(performance.now() - startMs < 30_000);
});

Deno.test("peer waits for the address and for the name of --host", async () => {
  await using swarm = await LocalSwarm.open();
  const { path } = await swarm.seed("sample.bin", { files: { "": 1_000 } });
  const args = [path, "--dir", `${swarm.folder}/here`, "--retry-for", "1s"];
  for (const host of ["192.0.2.7", "nobody.invalid"]) {
    const { code, stderr } = await runTask("peer", [...args, "--host", host]);
    assertEquals(code, 4);
    assertMatch(stderr, /^warning: cannot listen on .*; trying again for 1s/);
  }
});
