import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ListedTorrent } from "../../../../lib/catalogue/torrent_catalogue.ts";
import type { SwarmProgress } from "../../../../lib/tracker/page/host.ts";
import { selectRows } from "../../../../lib/tracker/page/table.ts";
import {
  type TorrentState,
  unknownTorrent,
} from "../../../../lib/tracker/page/tracker_snapshot.ts";
import {
  renderTorrentRow,
  TORRENT_TABLE,
} from "../../../../lib/tracker/page/overview.ts";
import { type Order, plainView } from "../../../../lib/tracker/page/view.ts";
import { infoHash } from "../../announce/samples.ts";
import { sourcesOf } from "./page_desk.ts";
import { SceneStore } from "./scene_store.ts";

function torrent(
  digit: string,
  changes: Partial<TorrentState> = {},
): TorrentState {
  return { ...unknownTorrent(infoHash(digit)), ...changes };
}

const MIB = 1024 * 1024;
const TORRENTS = [
  torrent("a", { name: "zebra", seeders: 2, length: 5 }),
  torrent("b", { seeders: 1, leechers: 9, downloads: 3 }),
  torrent("c", { name: "Apple", leechers: 1, bytesPerSecond: 5, length: 9 }),
  torrent("d", { name: "mule" }),
];

/** The first digits of the torrents that are shown. */
function shown(search: string, order?: Order): string {
  return selectRows(TORRENTS, TORRENT_TABLE, { search, order, rowCount: 300 })
    .shown.map(({ infoHash }) => infoHash[0]).join("");
}

Deno.test("torrents are sorted by activity: active, waiting, complete, without peers", () => {
  assertEquals(shown(""), "cbad");
});

Deno.test("torrents are sorted by any column, unknown values last", () => {
  const order = (key: string, isDescending: boolean): string =>
    shown("", { key, isDescending });
  assertEquals(order("name", false), "cdab");
  assertEquals(order("name", true), "adcb");
  assertEquals(order("size", false), "acbd");
  assertEquals(order("size", true), "cabd");
  // 2 of 2, 1 of 10, 0 of 1, no peers; equals by name.
  assertEquals(order("done", true), "abcd");
  assertEquals(order("seeders", true), "abcd");
  assertEquals(order("leechers", true), "bcda");
  assertEquals(order("completed", true)[0], "b");
  assertEquals(order("speed", true)[0], "c");
});

Deno.test("torrents are found by a part of the name or info hash, in any case", () => {
  assertEquals(shown("LE"), "cd");
  assertEquals(shown("bBb"), "b");
  assertEquals(shown("nothing"), "");
});

Deno.test("the first torrents are shown and the rest is counted", () => {
  const many = Array.from(
    { length: 9_000 },
    () => torrent("e", { seeders: 1 }),
  );
  const { shown, matchCount } = selectRows(
    [...many, ...TORRENTS],
    TORRENT_TABLE,
    { search: "", order: undefined, rowCount: 400 },
  );
  assertEquals([shown.length, matchCount], [400, 9_004]);
  assertEquals(shown[0]?.infoHash, infoHash("c"));
});

const CONTEXT = {
  view: plainView(infoHash("a"), "http://192.0.2.9:8000"),
  sources: sourcesOf(new SceneStore()),
  progress: undefined,
};

Deno.test("renderTorrentRow() shows all facts about a torrent", () => {
  const progress: SwarmProgress = {
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
  const { text } = renderTorrentRow(state, { ...CONTEXT, progress });
  const hash = "b".repeat(40);
  assertEquals(
    text,
    `<tr data-key="${hash}"><th scope="row">` +
      `<a class="name hash" href="/?torrent=${hash}" title="${hash}">${hash}</a></th>` +
      '<td class="wide" data-label="Done"><progress class="share" max="2000" value="1"></progress><span>1 of 2,000</span></td>' +
      '<td class="number" data-label="Size">700 MiB</td>' +
      '<td class="number" data-label="Seeders">1</td>' +
      '<td class="number" data-label="Leechers">1,999</td>' +
      '<td class="number" data-label="Completed">3</td>' +
      '<td class="number speed" data-label="Speed">12 MiB/s</td>' +
      '<td class="number" data-label="Time left"><span>3 min 30 s</span>' +
      ' <b class="badge stuck" title="received nothing between its last two announces">2 stuck</b>' +
      ' <b class="badge waiting" title="has received nothing so far">1 waiting</b></td></tr>',
  );
});

Deno.test("renderTorrentRow() shows a dash for unknown values", () => {
  const { text } = renderTorrentRow(torrent("d"), CONTEXT);
  assertStringIncludes(text, '<span class="faint">no peers</span>');
  assertStringIncludes(
    text,
    'data-label="Time left"><span class="none">–</span>',
  );
  const complete = renderTorrentRow(torrent("a", { seeders: 2 }), CONTEXT);
  assertStringIncludes(
    complete.text,
    'data-label="Time left"><b class="badge done" title="has everything">done</b>',
  );
});

Deno.test("renderTorrentRow() shows the command that joins a torrent whose file is offered", () => {
  const file: ListedTorrent = {
    infoHash: infoHash("a"),
    name: "<i>",
    length: 5,
    fileCount: 1,
    fileName: "it's <b>.torrent",
  };
  const { text } = renderTorrentRow(
    torrent("a", { name: file.name, file }),
    CONTEXT,
  );
  assertStringIncludes(text, "<bdi>&lt;i&gt;</bdi>");
  assertStringIncludes(
    text,
    "<code>peer http://192.0.2.9:8000/torrents/it%27s%20%3Cb%3E.torrent</code>",
  );
  assertStringIncludes(text, 'href="/torrents/it%27s%20%3Cb%3E.torrent"');
});
