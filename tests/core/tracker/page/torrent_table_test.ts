import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ListedTorrent } from "../../../../lib/catalogue/torrent_catalogue.ts";
import type { Outlook } from "../../../../lib/tracker/page/swarm_progress.ts";
import type { TorrentState } from "../../../../lib/tracker/page/tracker_snapshot.ts";
import {
  MAX_TORRENT_ROWS,
  renderTorrentRow,
  selectTorrents,
} from "../../../../lib/tracker/page/torrent_table.ts";
import type { Order, TorrentKey } from "../../../../lib/tracker/page/view.ts";
import { infoHash } from "../../announce/samples.ts";

function torrent(
  digit: string,
  changes: Partial<TorrentState> = {},
): TorrentState {
  return {
    infoHash: infoHash(digit),
    name: undefined,
    length: undefined,
    seeders: 0,
    leechers: 0,
    downloads: 0,
    bytesPerSecond: 0,
    file: undefined,
    ...changes,
  };
}

const MIB = 1024 * 1024;
const TORRENTS = [
  torrent("a", { name: "zebra", seeders: 2, length: 5 }),
  torrent("b", { seeders: 1, leechers: 9, downloads: 3 }),
  torrent("c", { name: "Apple", leechers: 1, bytesPerSecond: 5, length: 9 }),
  torrent("d", { name: "mule" }),
];

/** The first digits of the torrents that are shown. */
function shown(
  search: string,
  order?: Order<TorrentKey>,
  torrents = TORRENTS,
): string {
  return selectTorrents(torrents, { search, order }).shown
    .map(({ infoHash }) => infoHash[0]).join("");
}

Deno.test("selectTorrents() shows what moves, what waits, what is complete, what nobody has", () => {
  assertEquals(shown(""), "cbad");
});

Deno.test("selectTorrents() sorts by any column; what is not known comes last", () => {
  const order = (key: TorrentKey, isDescending: boolean): string =>
    shown("", { key, isDescending });
  assertEquals(order("name", false), "cdab");
  assertEquals(order("name", true), "adcb");
  assertEquals(order("size", false), "acbd");
  assertEquals(order("size", true), "cabd");
  // 2 of 2, 1 of 10, 0 of 1, nobody; equals by name.
  assertEquals(order("done", true), "abcd");
  assertEquals(order("seeders", true), "abcd");
  assertEquals(order("leechers", true), "bcda");
  assertEquals(order("completed", true)[0], "b");
  assertEquals(order("speed", true)[0], "c");
});

Deno.test("selectTorrents() finds a part of a name or of an info hash, in any case", () => {
  assertEquals(shown("LE"), "cd");
  assertEquals(shown("bBb"), "b");
  assertEquals(shown("nothing"), "");
});

Deno.test("selectTorrents() shows the first few hundred and counts the rest", () => {
  const many = Array.from(
    { length: 9_000 },
    () => torrent("e", { seeders: 1 }),
  );
  const { shown, matchCount } = selectTorrents([...many, ...TORRENTS], {
    search: "",
    order: undefined,
  });
  assertEquals([shown.length, matchCount], [MAX_TORRENT_ROWS, 9_004]);
  assertEquals(shown[0]?.infoHash, infoHash("c"));
});

const CONTEXT = {
  view: {
    type: "overview",
    search: "",
    order: undefined,
    origin: "http://192.0.2.9:8000",
  },
  peerCommand: "./peer",
  speeds: [],
  outlook: undefined,
} as const;

Deno.test("renderTorrentRow() shows everything that is known of a torrent", () => {
  const outlook: Outlook = {
    counts: { stuck: 2, silent: 0, waiting: 1, fetching: 6, done: 1 },
    secondsLeft: 200,
  };
  const state = torrent("b", {
    length: 700 * MIB,
    seeders: 1,
    leechers: 1_999,
    downloads: 3,
    bytesPerSecond: 12 * MIB,
  });
  const { key, html } = renderTorrentRow(state, { ...CONTEXT, outlook });
  const hash = "b".repeat(40);
  assertEquals(key, hash);
  assertEquals(
    html.text,
    `<tr data-key="${hash}"><th scope="row">` +
      `<a class="name hash" href="/?torrent=${hash}" title="${hash}">${hash}</a></th>` +
      '<td class="wide" data-label="Done"><progress class="share" max="2000" value="1"></progress><span>1 of 2,000</span></td>' +
      '<td class="number" data-label="Size">700 MiB</td>' +
      '<td class="number" data-label="Seeders">1</td>' +
      '<td class="number" data-label="Leechers">1,999</td>' +
      '<td class="number" data-label="Completed">3</td>' +
      '<td class="number speed" data-label="Speed">12 MiB/s</td>' +
      '<td class="number" data-label="Time left"><span>3 min 30 s</span>' +
      ' <b class="badge stuck">2 stuck</b> <b class="badge waiting">1 waiting</b></td></tr>',
  );
});

Deno.test("renderTorrentRow() leaves open what nobody can tell", () => {
  const { html: { text } } = renderTorrentRow(torrent("d"), CONTEXT);
  assertStringIncludes(text, '<span class="faint">nobody</span>');
  assertStringIncludes(
    text,
    'data-label="Time left"><span class="none">–</span>',
  );
  const complete = renderTorrentRow(torrent("a", { seeders: 2 }), CONTEXT);
  assertStringIncludes(
    complete.html.text,
    'data-label="Time left"><b class="badge done">done</b>',
  );
});

Deno.test("renderTorrentRow() tells how to join a torrent whose file is offered", () => {
  const file: ListedTorrent = {
    infoHash: infoHash("a"),
    name: "<i>",
    length: 5,
    fileCount: 1,
    fileName: "it's <b>.torrent",
  };
  const { html: { text } } = renderTorrentRow(
    torrent("a", { name: file.name, file }),
    CONTEXT,
  );
  assertStringIncludes(text, "<bdi>&lt;i&gt;</bdi>");
  assertStringIncludes(
    text,
    "<code>./peer http://192.0.2.9:8000/torrents/it%27s%20%3Cb%3E.torrent</code>",
  );
  assertStringIncludes(text, 'href="/torrents/it%27s%20%3Cb%3E.torrent"');
});
