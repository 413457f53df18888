import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ListedTorrent } from "../../../../lib/catalogue/torrent_catalogue.ts";
import {
  looksSame,
  renderDocument,
  type RenderedView,
  renderPage,
  renderView,
  SCRIPT,
} from "../../../../lib/tracker/page/document.ts";
import { STYLE } from "../../../../lib/tracker/page/style.ts";
import { readPageView } from "../../../../lib/tracker/page/view.ts";
import { fuzz, FUZZ_MS, FUZZ_SEED } from "../../fuzz.ts";
import { bytes, infoHash, text as textOf } from "../../announce/samples.ts";
import { sourcesOf } from "./page_desk.ts";
import { scenePeer, SceneStore } from "./scene_store.ts";

const ORIGIN = "http://192.0.2.9:8000";

/** A view of the scene, at second 61. */
function viewOf(
  store: SceneStore,
  { query = "", listed = [] }: {
    query?: string;
    listed?: readonly ListedTorrent[];
  } = {},
): RenderedView {
  const view = readPageView(query, ORIGIN)!;
  return renderView(view, sourcesOf(store, listed));
}

function pageOf(...args: Parameters<typeof viewOf>): string {
  return renderDocument(viewOf(...args));
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

Deno.test("the page shows the totals", () => {
  const html = pageOf(lab());
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

Deno.test("the page of an only torrent shows its hosts, and that of several links to them", () => {
  const store = lab();
  const alone = viewOf(store);
  const html = renderDocument(alone);
  assertStringIncludes(html, "1 of 3 hosts has it");
  assertStringIncludes(html, "about <strong>3 min 30 s</strong> left");
  assertEquals(html.match(/id="host-[0-9a-f]{40}"/g)?.length, 3);
  assertStringIncludes(
    html,
    `href="/?torrent=${"a".repeat(40)}&amp;sort=-speed"`,
  );

  store.scene.push({ infoHash: infoHash("b"), peers: [] });
  const several = pageOf(store);
  assert(!several.includes('id="hosts"'));
  assertStringIncludes(several, `href="/?torrent=${"a".repeat(40)}"`);
});

Deno.test("the page of a torrent shows its hosts, all or those that are searched for", () => {
  const html = pageOf(lab(), {
    query: `torrent=${"a".repeat(40)}&q=2001&sort=host`,
  });
  assertStringIncludes(html, `<h2 class="hash">${"a".repeat(40)}</h2>`);
  assertStringIncludes(
    html.replace(/<\/?span>/g, ""),
    "1 KiB · completed 7 times · 2 B/s",
  );
  assertEquals(html.match(/id="host-[0-9a-f]{40}"/g)?.length, 1);
  assertStringIncludes(html, 'aria-sort="ascending"');
  assertStringIncludes(html, 'name="q" value="2001"');
});

Deno.test("the page explains why it shows nothing", () => {
  const pages = {
    "No torrents yet.": pageOf(new SceneStore()),
    "No torrent matches “&lt;b&gt;”.": pageOf(lab(), { query: "q=<b>" }),
    "Nobody has announced this torrent": pageOf(lab(), {
      query: `torrent=${"c".repeat(40)}`,
    }),
    "No host matches “x”.": pageOf(lab(), {
      query: `torrent=${"a".repeat(40)}&q=x`,
    }),
  };
  for (const [note, html] of Object.entries(pages)) {
    assertStringIncludes(html, note);
  }
});

/** A torrent of many hosts. */
function crowd(hostCount: number): SceneStore {
  const peers = Array.from(
    { length: hostCount },
    (_, index) => scenePeer({ id: `p${index}`, hostname: "192.0.2.1" }),
  );
  return new SceneStore({ infoHash: infoHash("a"), peers });
}

Deno.test("the page counts the rows that it leaves out, and links to more", () => {
  const store = new SceneStore();
  for (let number = 0; number < 9_300; number++) {
    store.scene.push({
      infoHash: infoHash((number % 10).toString()),
      peers: [],
    });
  }
  assertStringIncludes(
    pageOf(store),
    'and 9,000 more: <a data-go href="/?rows=400">show the next 100</a>, search or sort',
  );
  assertStringIncludes(
    pageOf(store, { query: "rows=9999" }),
    "and 7,300 more: search or sort to see them",
  );
  assertStringIncludes(
    pageOf(crowd(5_000)),
    `and 4,700 more: <a data-go href="/?torrent=${
      "a".repeat(40)
    }&amp;rows=400"`,
  );
});

Deno.test("the parts of a view are its document in pages of 100 rows", () => {
  const view = viewOf(crowd(250));
  const [first, ...others] = [0, 1, 2, 3].map((page) => renderPage(view, page));
  const html = renderDocument(view);
  const rowsOf = (html: string): string[] =>
    html.match(/<tr data-key.*?<\/tr>/g) ?? [];
  // The row of the torrent is on every first page.
  assertEquals(rowsOf(first!).length, 101);
  assertEquals(others.map((html) => rowsOf(html).length), [100, 50, 0]);
  assertEquals([first!, ...others].flatMap(rowsOf), rowsOf(html));
  assertStringIncludes(first!, '<tbody id="hosts" data-pages="3">');
  for (const part of ["header", "main", "title"]) {
    const [pattern] = new RegExp(`<${part}.*?>`).exec(html)!;
    assertStringIncludes(first!, pattern);
  }
});

Deno.test("views look the same unless something visible changed", () => {
  const store = lab();
  const before = viewOf(store);
  assert(looksSame(before, viewOf(store)));
  const [torrent] = store.scene;
  torrent!.peers = torrent!.peers.toReversed();
  assert(looksSame(before, viewOf(store)));
  torrent!.peers = torrent!.peers.slice(1);
  assert(!looksSame(before, viewOf(store)));
});

Deno.test("the page reloads itself only without a script, and requests nothing from elsewhere", () => {
  const html = pageOf(lab());
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

Deno.test("the script and the style are in the page unescaped", () => {
  const html = pageOf(lab());
  assertStringIncludes(html, `<script>${SCRIPT}</script>`);
  assertStringIncludes(html, `<style>${STYLE}</style>`);
  assert(!/<\/?script|<!--/i.test(SCRIPT));
  assert(!/</.test(STYLE));
  // It is JavaScript, without types.
  new Function(SCRIPT);
});

/** The elements and attributes of a page without their values. Text may contain no markup. */
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

/** The pages of a lab in which every text is a stranger's. */
function strangersPages(text: string): string[] {
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
  return queries.map((query) => {
    const view = viewOf(store, { query, listed });
    return renderDocument(view) + renderPage(view, 0);
  });
}

Deno.test(`a stranger's text never becomes markup (seed ${FUZZ_SEED})`, async () => {
  const expected = strangersPages("harmless").map(skeletonOf);
  await fuzz({
    examples: [
      `"><script>alert(1)</script>`,
      "' onmouseover=alert(1) x='",
      "</title></style></textarea><!--",
      "\0&lt;b&#60;\u202e${1}]]>",
    ].map(bytes),
    decode: (input) => {
      const pages = strangersPages(textOf(input.subarray(0, 4096)));
      // The report of `assertEquals` would be as long as the pages.
      assert(
        pages.every((page, index) => skeletonOf(page) === expected[index]),
      );
      return pages;
    },
    // Each renders eight pages.
    inputCount: FUZZ_MS === undefined ? 200 : undefined,
  });
});
