import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { MemoryCatalogue } from "../../../lib/catalogue/memory_catalogue.ts";
import { buildTorrent } from "../../../lib/metainfo/build_torrent.ts";
import { PIECE_LENGTH } from "../../../lib/metainfo/geometry.ts";
import type { HttpResponse } from "../../../lib/http/response.ts";
import { torrentPath } from "../../../lib/catalogue/torrent_links.ts";
import { torrentRoutes } from "../../../lib/tracker/torrent_routes.ts";

const PIECE_COUNT = 7_000;

const FILE = buildTorrent({
  name: "a",
  content: { type: "file", length: PIECE_COUNT * PIECE_LENGTH },
  pieceLength: PIECE_LENGTH,
  pieceHashes: Uint8Array.from(
    { length: PIECE_COUNT * 20 },
    (_, index) => index ^ (index >> 8),
  ),
  announce: ["http://192.0.2.1:8000/announce"],
});

/** The response to a GET of `path`, with `FILE` listed under these names. */
async function get(
  fileNames: readonly string[],
  path: string,
): Promise<HttpResponse> {
  const catalogue = new MemoryCatalogue();
  for (const fileName of fileNames) await catalogue.add(fileName, FILE);
  const routes = torrentRoutes(catalogue);
  const route = routes.get(path) ?? routes.get("/torrents/")!;
  return await route({
    method: "GET",
    path,
    query: "",
    remoteHostname: "192.0.2.1",
    header: () => undefined,
    isFromBrowser: false,
  }, 0);
}

Deno.test("torrentRoutes() serves a listed file unchanged, to be saved under its name", async () => {
  const { status, headers, body } = await get(
    ["a.torrent"],
    "/torrents/a.torrent",
  );
  assertEquals(status, 200);
  assertEquals(body, FILE);
  assertEquals(headers["content-type"], "application/x-bittorrent");
  assertEquals(
    headers["content-disposition"],
    `attachment; filename="a.torrent"; filename*=UTF-8''a.torrent`,
  );
});

Deno.test("torrentRoutes() finds every name by its path, and writes it as one line of ASCII", async () => {
  const names = [
    "some name (1).torrent",
    "a+b%20c.torrent",
    'quote"back\\slash.torrent',
    "größe 🎬.torrent",
    "line\r\nset-cookie: a=b.torrent",
    "../up.torrent",
    "__proto__",
  ];
  for (const name of names) {
    const { status, headers } = await get(names, torrentPath(name));
    assertEquals(status, 200, name);
    const header = headers["content-disposition"]!;
    assert(/^[ -~]+$/.test(header), header);
    const [, plain, exact] =
      /^attachment; filename="([^"\\%]*)"; filename\*=UTF-8''([\w.%!~-]*)$/
        .exec(header)!;
    assertEquals(decodeURIComponent(exact!), name);
    assertEquals([...plain!].length, [...name].length);
  }
});

Deno.test("torrentRoutes() serves no unlisted path", async () => {
  const paths = [
    "/torrents/b.torrent",
    "/torrents/A.torrent",
    "/torrents/a.torrent/",
    "/torrents/a.torrent%00",
    "/torrents//a.torrent",
    "/torrents/./a.torrent",
    "/torrents/../a.torrent",
    "/torrents/%2e%2e/a.torrent",
    "/torrents/..%2fa.torrent",
    "/torrents/%2fetc%2fpasswd",
    "/torrents/..%5c..%5ca.torrent",
    "/torrents/constructor",
    "/torrents/%ff",
    "/torrents/%",
  ];
  for (const path of paths) {
    const { status, body } = await get(["a.torrent"], path);
    assertEquals(status, 404, path);
    assertStringIncludes(body as string, "Not found");
  }
});

Deno.test("torrentRoutes() redirects from the folder to the page", async () => {
  for (const path of ["/torrents", "/torrents/"]) {
    const { status, headers } = await get([], path);
    assertEquals([status, headers.location], [302, "/"]);
  }
});
