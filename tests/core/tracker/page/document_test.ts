import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ListedTorrent } from "../../../../lib/catalogue/torrent_catalogue.ts";
import { changesBetween } from "../../../../lib/tracker/page/changes.ts";
import type { Content } from "../../../../lib/tracker/page/content.ts";
import { renderDocument } from "../../../../lib/tracker/page/document.ts";
import { overviewContent } from "../../../../lib/tracker/page/overview_content.ts";
import { TrackerReader } from "../../../../lib/tracker/page/tracker_snapshot.ts";
import { SCRIPT } from "../../../../lib/tracker/page/script.ts";
import type { Sources } from "../../../../lib/tracker/page/sources.ts";
import { SpeedHistory } from "../../../../lib/tracker/page/speed_history.ts";
import { STYLE } from "../../../../lib/tracker/page/style.ts";
import { torrentContent } from "../../../../lib/tracker/page/torrent_content.ts";
import {
  type PageView,
  readPageView,
} from "../../../../lib/tracker/page/view.ts";
import { fuzz, FUZZ_SEED } from "../../fuzz.ts";
import { bytes, infoHash, text as textOf } from "../../announce/samples.ts";
import { sceneCatalogue, scenePeer, SceneStore } from "./scene_store.ts";

const ORIGIN = "http://192.0.2.9:8000";

/** A page of the scene at second 61. */
async function pageOf(
  store: SceneStore,
  { query = "", origin = ORIGIN, listed = [] }: {
    query?: string;
    origin?: string;
    listed?: readonly ListedTorrent[];
  } = {},
): Promise<{ view: PageView; content: Content; html: string }> {
  const view = readPageView(query, origin)!;
  const reader = new TrackerReader({
    store,
    catalogue: sceneCatalogue(...listed),
  });
  const sources: Sources = {
    reading: await reader.read(61_000),
    store,
    history: new SpeedHistory(),
    silentAfterMs: 150_000,
    peerCommand: "peer",
    startedAtMs: 0,
    nowMs: 61_000,
    pause: () => Promise.resolve(),
  };
  const content = view.type === "overview"
    ? await overviewContent(view, sources)
    : await torrentContent(view, sources);
  return { view, content, html: renderDocument(content, view) };
}

/** A lab of one torrent and three hosts. */
function lab(): SceneStore {
  return new SceneStore({
    infoHash: infoHash("a"),
    contentLength: 1000,
    downloaded: 7,
    peers: [
      scenePeer({ id: "s", hostname: "192.0.2.1", left: 0 }),
      scenePeer({
        id: "f",
        hostname: "192.0.2.2",
        left: 500,
        bytesPerSecond: 2,
      }),
      scenePeer({ id: "w", hostname: "2001:db8::1" }),
    ],
  });
}

Deno.test("the page shows the totals", async () => {
  const { html } = await pageOf(lab());
  for (
    const total of [
      '<div class="done"><dt>Seeders</dt><dd>1</dd>',
      '<div class="fetching"><dt>Leechers</dt><dd>2</dd>',
      "<dt>Speed</dt><dd>2 B/s</dd>",
      "<dt>Completed</dt><dd>7</dd>",
      '<dt>Torrents</dt><dd>1</dd><dd class="note">active, of 1</dd>',
      ">up 1 min</p>",
    ]
  ) assertStringIncludes(html, total);
});

Deno.test("the page of an only torrent shows its hosts, and that of several leads to them", async () => {
  const store = lab();
  const alone = await pageOf(store);
  assertStringIncludes(alone.html, "1 of 3 hosts has it");
  assertStringIncludes(alone.html, "about <strong>3 min 30 s</strong> left");
  assertEquals(alone.content.tables.get("hosts")?.length, 3);
  assertStringIncludes(
    alone.html,
    `href="/?torrent=${"a".repeat(40)}&amp;sort=-speed"`,
  );

  store.scene.push({ infoHash: infoHash("b"), peers: [] });
  const several = await pageOf(store);
  assertEquals(several.content.tables.has("hosts"), false);
  assert(several.content.layout !== alone.content.layout);
  assertStringIncludes(several.html, `href="/?torrent=${"a".repeat(40)}"`);
});

Deno.test("the page of a torrent shows its hosts, all or those that are searched for", async () => {
  const { html, content } = await pageOf(lab(), {
    query: `torrent=${"a".repeat(40)}&q=2001&sort=host`,
  });
  assertStringIncludes(html, `<h2 class="hash">${"a".repeat(40)}</h2>`);
  assertStringIncludes(html, "1 KiB · completed 7 times · 2 B/s");
  assertEquals(content.tables.get("hosts")?.length, 1);
  assertStringIncludes(html, 'aria-sort="ascending"');
  assertStringIncludes(html, 'name="q" value="2001"');
});

Deno.test("the page says so where there is nothing to show", async () => {
  const empty = await pageOf(new SceneStore());
  assertStringIncludes(empty.html, "No torrents yet.");
  const unmatched = await pageOf(lab(), { query: "q=<b>" });
  assertStringIncludes(unmatched.html, "No torrent matches “&lt;b&gt;”.");
  const hash = "c".repeat(40);
  const unknown = await pageOf(lab(), { query: `torrent=${hash}` });
  assertStringIncludes(unknown.html, "Nobody has announced this torrent");
});

Deno.test("the page says how many it leaves out", async () => {
  const store = new SceneStore();
  for (let number = 0; number < 9_300; number++) {
    store.scene.push({
      infoHash: infoHash((number % 10).toString()),
      peers: [],
    });
  }
  assertStringIncludes((await pageOf(store)).html, "and 9,000 more");
  const peers = Array.from(
    { length: 5_000 },
    (_, index) => scenePeer({ id: `p${index}`, hostname: "192.0.2.1" }),
  );
  const crowd = new SceneStore({ infoHash: infoHash("a"), peers });
  assertStringIncludes((await pageOf(crowd)).html, "and 4,700 more");
});

Deno.test("the page reloads itself only where no script runs, and asks nobody else", async () => {
  const { html } = await pageOf(lab());
  assertStringIncludes(
    html,
    '<noscript><meta http-equiv="refresh" content="5"></noscript>',
  );
  const addresses = html.match(/(?<=\b(?:href|src|action)=")[^"]*/g)!;
  for (const address of addresses) {
    assert(/^(?:\/(?!\/)|#|data:image\/svg\+xml,)/.test(address), address);
  }
  assert(!/url\(|@import/.test(STYLE));
});

Deno.test("the script and the style stand in the page as they are", async () => {
  const { html } = await pageOf(lab());
  assertStringIncludes(html, `<script>${SCRIPT}</script>`);
  assertStringIncludes(html, `<style>${STYLE}</style>`);
  assert(!/<\/?script|<!--/i.test(SCRIPT));
  assert(!/</.test(STYLE));
  // It is JavaScript, without types.
  new Function(SCRIPT);
});

/** The elements and attributes of a page, whatever they hold; text may hold no markup. */
function skeletonOf(html: string): string {
  const ours = html.replace(SCRIPT, "").replace(STYLE, "");
  const rest = ours.replace(
    /<(?:!doctype html|\/?[a-z][a-z0-9]*(?: [a-zA-Z-]+(?:="[^"<>]*")?)*\/?)>/g,
    (tag) => `\n${tag.replace(/="[^"]*"/g, "")}`,
  );
  const lines = rest.split("\n").slice(1);
  for (const line of lines) {
    assertEquals(line.slice(1).includes("<"), false, line);
  }
  return lines.map((line) => line.slice(0, line.indexOf(">") + 1)).join("\n");
}

/** A lab whose every text is a stranger's. */
async function strangersPages(text: string): Promise<string[]> {
  const store = lab();
  const [torrent] = store.scene;
  const stranger = scenePeer({ id: "x", hostname: "" });
  torrent!.peers = [
    { ...stranger, addresses: [{ hostname: text, port: 1 }] },
    ...torrent!.peers,
  ];
  const listed = [{
    infoHash: infoHash("a"),
    name: text,
    length: 1000,
    fileCount: 1,
    fileName: text.toWellFormed(),
  }];
  const search = encodeURIComponent(`zzz${text}`.toWellFormed());
  const queries = [
    "",
    `torrent=${"a".repeat(40)}`,
    `q=${search}`,
    `torrent=${"a".repeat(40)}&q=${search}`,
  ];
  return await Promise.all(queries.map(async (query) => {
    const { html, content } = await pageOf(store, { query, listed });
    // What events bring is escaped in the same way.
    const { regions, tables } = changesBetween(undefined, content)!;
    const parts = [
      ...Object.values(regions),
      ...Object.values(tables).flatMap(({ rows = {} }) => Object.values(rows)),
    ];
    for (const part of parts) assertStringIncludes(html, part);
    return html;
  }));
}

Deno.test(`no stranger's text becomes markup (seed ${FUZZ_SEED})`, async () => {
  const expected = (await strangersPages("harmless")).map(skeletonOf);
  await fuzz({
    examples: [
      `"><script>alert(1)</script>`,
      "' onmouseover=alert(1) x='",
      "</title></style></textarea><!--",
      "\0&lt;b&#60;\u202e${1}]]>",
    ].map(bytes),
    decode: async (input) => {
      const pages = await strangersPages(textOf(input.subarray(0, 4096)));
      // Not `assertEquals`, whose report would be as long as the pages.
      assert(
        pages.every((page, index) => skeletonOf(page) === expected[index]),
      );
      return pages;
    },
  });
});
