import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseTorrentFile } from "../../../lib/disk/torrent_file.ts";
import { buildTorrent } from "../../../lib/metainfo/build_torrent.ts";
import type { Torrent } from "../../../lib/metainfo/torrent.ts";
import { renderShares } from "../../../lib/share/share_page.ts";

const ORIGIN = "http://192.0.2.1:8000";
const PLACE = {
  origin: ORIGIN,
  targets: ["x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc"],
};

async function torrentOf(
  name: string,
  files: readonly {
    readonly path: readonly string[];
    readonly length: number;
  }[],
): Promise<Torrent> {
  const length = files.reduce((sum, file) => sum + file.length, 0);
  return await parseTorrentFile(
    buildTorrent({
      name,
      content: { type: "folder", files },
      pieceLength: 2 ** 20,
      pieceHashes: new Uint8Array(20 * Math.ceil(length / 2 ** 20)),
      announce: [],
    }),
    "linux",
  );
}

Deno.test("renderShares() shows the lines that fetch, the size and a link to each file", async () => {
  const torrent = await torrentOf("photos", [
    { path: ["a b.jpg"], length: 3_000_000 },
    { path: ["more", "c.jpg"], length: 0 },
  ]);
  const html = renderShares([{ name: "photos", torrent }], PLACE)!.text;
  assertStringIncludes(html, "<bdi>photos</bdi>");
  assertStringIncludes(html, "<code>lanswarm get 192.0.2.1</code>");
  assertStringIncludes(html, `<code>curl -fsS ${ORIGIN}/join | sh</code>`);
  assertStringIncludes(html, `<code>irm ${ORIGIN}/join.ps1 | iex</code>`);
  assertStringIncludes(html, "2 files");
  for (const path of ["a%20b.jpg", "more/c.jpg"]) {
    const href = `/files/${torrent.infoHash}/photos/${path}`;
    assertStringIncludes(html, `<a href="${href}" download>`);
  }
});

Deno.test("renderShares() names another port than 8000, and a share that is being hashed", () => {
  const html = renderShares(
    [{ name: "photos", torrent: undefined }],
    { ...PLACE, origin: "http://192.0.2.1:8003" },
  )!.text;
  assertStringIncludes(html, "lanswarm get 192.0.2.1:8003<");
  assertStringIncludes(html, "machines may join already");
  assertEquals(html.includes("<details"), false);
});

Deno.test("renderShares() escapes and shortens the names of strangers", async () => {
  const name = `<script>alert(1)</script>${"x".repeat(200)}`;
  const path = ['"><img src=x onerror=alert(2)>\u202e.txt'];
  // Another platform than this one may not allow such names.
  const torrent = await torrentOf("t", [{ path, length: 1 }]);
  const html = renderShares([{ name, torrent }], PLACE)!.text;
  assertEquals(/<(script|img)/.test(html), false);
  assertEquals(html.includes("\u202e"), false);
  assertStringIncludes(html, `alert(1)&lt;/script&gt;${"x".repeat(38)}…<`);
  // Each name of a path, so that the file's own is seen.
  const deep = await torrentOf("t", [{
    path: ["d".repeat(100), "é".repeat(64) + "e".repeat(20)],
    length: 1,
  }]);
  assertStringIncludes(
    renderShares([{ name: "t", torrent: deep }], PLACE)!.text,
    `t/${"d".repeat(63)}…/${"é".repeat(63)}…<`,
  );
});

Deno.test("renderShares() lists a thousand files and counts the rest", async () => {
  const files = Array.from({ length: 1_234 }, (_, index) => (
    { path: [`${index}`.padStart(4, "0")], length: 1 }
  ));
  const torrent = await torrentOf("many", files);
  const html = renderShares([{ name: "many", torrent }], PLACE)!.text;
  assertEquals(html.split("<li>").length - 1, 1_001);
  assertStringIncludes(html, "and 234 files more");
  assert(!html.includes('<details class="files" open'));
});

Deno.test("renderShares() writes nothing where nothing is shared", () => {
  assertEquals(renderShares([], PLACE), undefined);
});

Deno.test("renderShares() has lines for the systems of the executables alone, or says how to build one", () => {
  const shares = [{ name: "photos", torrent: undefined }];
  const html = (...targets: string[]): string =>
    renderShares(shares, { origin: ORIGIN, targets })!.text;
  const mac = html("aarch64-apple-darwin");
  assertStringIncludes(mac, "curl -fsS ");
  assertEquals(mac.includes("irm "), false);
  const windows = html("x86_64-pc-windows-msvc");
  assertStringIncludes(windows, "With nothing, on Windows");
  assertEquals(windows.includes("curl"), false);
  const none = html();
  assertEquals(/curl|irm /.test(none), false);
  assertStringIncludes(none, "<code>deno task compile</code>");
});
