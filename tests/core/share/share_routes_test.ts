import { assertEquals } from "@std/assert";
import { MemoryStorage } from "../../../lib/disk/storage.ts";
import { parseTorrentFile } from "../../../lib/disk/torrent_file.ts";
import { buildTorrent } from "../../../lib/metainfo/build_torrent.ts";
import type { HttpResponse } from "../../../lib/http/response.ts";
import {
  sharedFilePath,
  type SharedTorrent,
  shareRoutes,
} from "../../../lib/share/share_routes.ts";

const FILES = [
  { path: ["a b.txt"], length: 3 },
  { path: ["sub", "größe (1)'.html"], length: 5 },
  { path: ["empty"], length: 0 },
];

async function shared(): Promise<SharedTorrent> {
  const file = buildTorrent({
    name: "photos",
    content: { type: "folder", files: FILES },
    pieceLength: 16_384,
    pieceHashes: new Uint8Array(20),
    announce: [],
  });
  const torrent = await parseTorrentFile(file, "linux");
  const content = new TextEncoder().encode("abc<b>hi");
  const storage = new MemoryStorage(content);
  return { torrent, storage: () => storage };
}

/** A share with three files, and the function that requests a path of it. */
async function share(): Promise<{
  readonly infoHash: string;
  readonly get: (
    path: string,
    options?: { readonly method?: string; readonly host?: string },
  ) => Promise<HttpResponse>;
}> {
  const content = await shared();
  const { infoHash } = content.torrent;
  const routes = shareRoutes({
    find: (wanted) => wanted === infoHash ? content : undefined,
    executables: undefined,
    origin: () => "http://192.0.2.1:8000",
  });
  return {
    infoHash,
    get: async (path, { method = "GET", host = "192.0.2.1" } = {}) => {
      const folder = path.slice(0, path.indexOf("/", 1) + 1);
      const route = routes.get(path) ?? routes.get(folder)!;
      return await route({
        method,
        path,
        query: "",
        remoteHostname: host,
        header: () => undefined,
        isFromBrowser: false,
      }, 0);
    },
  };
}

async function textOf({ body }: HttpResponse): Promise<string> {
  if (typeof body === "string") return body;
  let text = "";
  const decoder = new TextDecoder();
  for await (const part of body as AsyncIterable<Uint8Array>) {
    text += decoder.decode(part, { stream: true });
  }
  return text;
}

Deno.test("shareRoutes() sends each file of a share, to be saved under its name", async () => {
  const { infoHash, get } = await share();
  const texts = ["abc", "<b>hi", ""];
  for (const [index, { path }] of FILES.entries()) {
    const response = await get(sharedFilePath(infoHash, ["photos", ...path]));
    assertEquals(response.status, 200);
    assertEquals(await textOf(response), texts[index]);
  }
  const { headers } = await get(`/files/${infoHash}/photos/a%20b.txt`);
  assertEquals(headers["content-type"], "text/plain; charset=UTF-8");
  assertEquals(
    headers["content-disposition"],
    `attachment; filename="a b.txt"; filename*=UTF-8''a%20b.txt`,
  );
  assertEquals(headers["content-security-policy"]?.startsWith("sandbox"), true);
});

Deno.test("shareRoutes() finds a file however its path is percent-encoded", async () => {
  const { infoHash, get } = await share();
  const path = `/files/${infoHash}/photos/sub/gr%c3%b6%C3%9fe (1)'.html`;
  assertEquals(await textOf(await get(path)), "<b>hi");
});

Deno.test("shareRoutes() lists no folder and finds nothing but the shared files", async () => {
  const { infoHash, get } = await share();
  for (
    const path of [
      "/files/",
      `/files/${infoHash}`,
      `/files/${infoHash}/`,
      `/files/${infoHash}/photos`,
      `/files/${infoHash}/photos/`,
      `/files/${infoHash}/photos/../photos/a%20b.txt`,
      `/files/${infoHash}/photos%2Fa%20b.txt`,
      `/files/${infoHash}/photos/a%20b.txt/`,
      `/files/${infoHash}/photos/%`,
      `/files/${infoHash}/photos/%ff`,
      `/files/${infoHash.toUpperCase()}/photos/a%20b.txt`,
      `/files/${"0".repeat(40)}/photos/a%20b.txt`,
      "/files/../../etc/passwd",
      "/bin/",
      "/bin/x86_64-unknown-linux-gnu",
      "/bin/../../etc/passwd",
    ]
  ) assertEquals((await get(path)).status, 404, path);
});

Deno.test("shareRoutes() sends at most six files to a host at once", async () => {
  const { infoHash, get } = await share();
  const path = sharedFilePath(infoHash, ["photos", "a b.txt"]);
  const bodies: AsyncIterator<Uint8Array>[] = [];
  for (let count = 0; count < 6; count++) {
    const { status, body } = await get(path);
    assertEquals(status, 200);
    const parts = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await parts.next();
    bodies.push(parts);
  }
  assertEquals((await get(path)).status, 503);
  assertEquals((await get(path, { host: "192.0.2.2" })).status, 200);
  assertEquals((await get(path, { method: "HEAD" })).status, 200);
  await bodies[0]!.return!();
  assertEquals((await get(path)).status, 200);
});

Deno.test("shareRoutes() counts files whose first byte is not sent yet", async () => {
  const { infoHash, get } = await share();
  const path = sharedFilePath(infoHash, ["photos", "a b.txt"]);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => get(path)),
  );
  const sent = answers.filter(({ status }) => status === 200);
  assertEquals(sent.length, 6);
  for (const { body } of sent) {
    const parts = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    // Twice, as a connection may do.
    await parts.return!();
    await parts.return!();
  }
  const { status, body } = await get(path);
  assertEquals(status, 200);
  assertEquals(
    (await Array.fromAsync(body as AsyncIterable<Uint8Array>)).length,
    1,
  );
  assertEquals((await get(path)).status, 200);
});
