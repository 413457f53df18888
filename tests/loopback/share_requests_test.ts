/**
 * Requests that try to get more from a share than its routes offer.
 */
import { assert, assertEquals, assertLess } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import {
  buildTorrent,
  ExecutableFolder,
  MemoryStorage,
  parseTorrent,
  sha1,
  type ShareServer,
  startShareServer,
} from "../../lib/mod.ts";
import { sharedFilePath, shareRoutes } from "../../lib/share/share_routes.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import { exchange, RawClient, startServer } from "./raw_http.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const TARGET = "x86_64-unknown-linux-gnu";
const SECRET = "secret of another file";

interface Scene extends AsyncDisposable {
  readonly server: ShareServer;
  /** Path of the shared file. */
  readonly filePath: string;
  /** The response to a target under a name, as text. */
  ask(target: string, options?: AskOptions): Promise<string>;
}

interface AskOptions {
  /** @default {"127.0.0.1"} */
  readonly host?: string;
  /** @default {"GET"} */
  readonly method?: string;
  /** Further header lines. */
  readonly lines?: readonly string[];
}

/** A share of one file, with an executable. Other files lie beside it. */
async function scene(): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryFolder());
  await Deno.mkdir(join(path, "dist"));
  await Deno.writeTextFile(join(path, "dist", `lanswarm-${TARGET}`), "program");
  for (const name of ["peer", "lanswarm-secret"]) {
    await Deno.writeTextFile(join(path, "dist", name), SECRET);
  }
  await Deno.writeTextFile(join(path, "secret"), SECRET);
  const server = stack.use(
    await startShareServer({
      ...{ hostname: "127.0.0.1", port: 0 },
      executables: new ExecutableFolder(join(path, "dist", "none")),
    }),
  );
  server.add("photos");
  const content = new TextEncoder().encode("content");
  const bytes = buildTorrent({
    name: "photos",
    content: {
      type: "folder",
      files: [{ path: ["a.bin"], length: content.length }],
    },
    pieceLength: 2 ** 14,
    pieceHashes: sha1(content),
    announce: [],
  });
  const torrent = await parseTorrent(bytes, { sha1, platform: "linux" });
  const storage = new MemoryStorage(content);
  await server.offer("photos", { bytes, torrent, storage: () => storage });
  return {
    server,
    filePath: sharedFilePath(torrent.infoHash, ["photos", "a.bin"]),
    ask: (target, { host = "127.0.0.1", method = "GET", lines = [] } = {}) =>
      exchange(
        server,
        [
          `${method} ${target} HTTP/1.1`,
          `Host: ${host}`,
          ...lines,
          "Connection: close",
          "",
          "",
        ].join("\r\n"),
      ),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function statusOf(response: string): number {
  return Number(response.split(" ")[1]);
}

function assertNosniff(response: string, message: string): void {
  assert(response.includes("\r\nx-content-type-options: nosniff\r\n"), message);
}

Deno.test("a share answers under no name of another site, on any route", async () => {
  await using share = await scene();
  const paths = [
    ...["/", "/join", "/join.ps1", `/bin/${TARGET}`, share.filePath],
    ...["/shares.json", "/torrents/photos.torrent", "/stats.json"],
  ];
  for (const path of paths) {
    assertEquals(statusOf(await share.ask(path)), 200, path);
    for (
      const host of [
        ...["evil.example", "127.0.0.1.evil.example:8000", "[evil]", ""],
        "evil.example$(id)",
      ]
    ) {
      const response = await share.ask(path, { host });
      assertEquals([path, host, statusOf(response)], [path, host, 421]);
      assertNosniff(response, path);
      assertEquals(/photos|program|content\r?\n?$/.test(response), false);
    }
  }
});

Deno.test("no name of a host comes into a join script", async () => {
  await using share = await scene();
  for (
    const host of [
      ...['127.0.0.1";id;"', "127.0.0.1`id`", "127.0.0.1'", "$(id)"],
      ..."127.0.0.1:80$(id)|[::1%$(id)]|[::1%';id;']:8000|127.0.0.1 id"
        .split("|"),
    ]
  ) {
    for (const path of ["/join", "/join.ps1"]) {
      const response = await share.ask(path, { host });
      assertEquals(/\$\(id\)|`id`|;id|127\.0\.0\.1['" ]/.test(response), false);
    }
  }
});

Deno.test("no path leads to another file than those that are shared", async () => {
  await using share = await scene();
  const file = share.filePath;
  const folder = file.slice(0, file.lastIndexOf("/"));
  const hash = file.slice(0, file.indexOf("/", "/files/".length));
  const targets = [
    ...["/bin/../secret", "/bin/%2e%2e/secret", "/bin/..%2fsecret"],
    ...["/bin/..%5csecret", "/bin//secret", "/bin/peer", "/bin/secret"],
    ...[`/bin/${TARGET}/../peer`, `/bin/${TARGET}/`, `/bin/${TARGET}%00`],
    ...[`/bin/%78${TARGET.slice(1)}`, "/bin/", "/bin", "/bin/none"],
    ...["/join/", "/join/..", "/JOIN", "/join%2eps1", "//join"],
    ...["/files", "/files/", hash, `${hash}/`, folder, `${folder}/`],
    ...[`${folder}/../../secret`, `${folder}/%2e%2e/%2e%2e/secret`],
    ...[`${folder}/..%2f..%2fsecret`, `${folder}/%252e%252e/secret`],
    ...[`${folder}%2fa.bin`, `${folder}/./a.bin`, `${folder}//a.bin`],
    ...[`${file}%00`, `${file}/`, `${file}/..`, `${folder}/A.BIN`],
    ...[
      `${folder}/%c0%ae%c0%ae/secret`,
      `${folder}/%`,
      "/..%2f..%2fetc/passwd",
    ],
    ...["/files/../../../../etc/passwd", "/etc/passwd", "/../secret"],
  ];
  for (const target of targets) {
    const response = await share.ask(target);
    assertEquals([target, statusOf(response)], [target, 404]);
    assertNosniff(response, target);
    assertEquals(response.includes(SECRET), false);
  }
  assertEquals((await share.ask(file)).endsWith("content"), true);
});

Deno.test("every response of a share has nosniff", async () => {
  await using share = await scene();
  const file = share.filePath;
  const cases: [target: string, options: AskOptions, status: number][] = [
    [file, {}, 200],
    [file, { method: "HEAD" }, 200],
    [file, { lines: ["Range: bytes=1-2"] }, 206],
    [file, { lines: ["Range: bytes=99-"] }, 416],
    [file, { method: "POST" }, 405],
    [`/bin/${TARGET}`, { lines: ["Range: bytes=1-2"] }, 206],
    ["/join", { method: "HEAD" }, 200],
    ["/nothing", {}, 404],
    ["/join", { host: "evil.example" }, 421],
    ["join", {}, 400],
  ];
  for (const [target, options, status] of cases) {
    const response = await share.ask(target, options);
    assertEquals([target, statusOf(response)], [target, status]);
    assertNosniff(response, target);
  }
  share.server.add("later");
  const response = await share.ask("/torrents/later.torrent");
  assertEquals(statusOf(response), 503);
  assertNosniff(response, "503");
});

Deno.test("a client that does not read a file is cut off, and its slot is free again", async () => {
  // More than the buffers of both ends of a connection hold.
  const sample = await memoryTorrent({
    ...{ name: "big.bin", length: 32 * 2 ** 20, pieceLength: 2 ** 20 },
  });
  const { torrent } = sample;
  const storage = fullStorage(sample);
  const routes = shareRoutes({
    find: () => ({ torrent, storage: () => storage }),
    executables: undefined,
    origin: () => "http://127.0.0.1",
  });
  await using server = startServer({
    // Longer than the seven requests take.
    timeoutMs: 5_000,
    handle: (request, nowMs) => routes.get("/files/")!(request, nowMs),
  });
  const path = sharedFilePath(torrent.infoHash, ["big.bin"]);
  const request =
    `GET ${path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n`;
  const head = request.replace("GET", "HEAD");
  using clients = new DisposableStack();
  for (let count = 0; count < 6; count++) {
    const client = clients.use(await RawClient.connect(server));
    await client.send(request);
    assertEquals(statusOf(await client.receiveUntil("\r\n\r\n")), 200);
  }
  using seventh = await RawClient.connect(server);
  await seventh.send(request);
  const refused = await seventh.receiveUntil("\r\n\r\n");
  assertEquals(statusOf(refused), 503);
  assert(refused.includes("\r\nretry-after: "));
  assertEquals(statusOf(await exchange(server, head)), 200);
  const startMs = performance.now();
  for (;;) {
    using client = await RawClient.connect(server);
    await client.send(request);
    if (statusOf(await client.receiveUntil("\r\n\r\n")) === 200) break;
    assertLess(performance.now() - startMs, 60_000);
    await delay(50);
  }
  assertEquals(server.errors, []);
});

Deno.test("the page of a share has the line of an executable that was compiled after its start", async () => {
  await using folder = await temporaryFolder();
  const hostPath = join(folder.path, "lanswarm");
  await using server = await startShareServer({
    ...{ hostname: "127.0.0.1", port: 0 },
    executables: new ExecutableFolder(hostPath, TARGET),
  });
  server.add("photos");
  const page = (): Promise<string> =>
    exchange(
      server,
      "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nConnection: close\r\n\r\n",
    );
  assertEquals(server.executableTargets, []);
  assert((await page()).includes("deno task compile"));
  await Deno.writeTextFile(hostPath, "program");
  assertEquals(server.executableTargets, [TARGET]);
  assert((await page()).includes("/join | sh"));
});
