import { assertEquals, assertStringIncludes } from "@std/assert";
import { describeHost, type Host } from "../../../../lib/tracker/page/host.ts";
import {
  HOST_TABLE,
  renderHostRow,
  renderMap,
} from "../../../../lib/tracker/page/torrent_page.ts";
import { selectRows } from "../../../../lib/tracker/page/table.ts";
import { type Order, plainView } from "../../../../lib/tracker/page/view.ts";
import { infoHash, peerId } from "../../announce/samples.ts";
import { type ScenePeer, scenePeer } from "./scene_store.ts";

function host(peer: ScenePeer): Host {
  return describeHost(scenePeer(peer), {
    length: 1000,
    nowMs: 30_000,
    silentAfterMs: 150_000,
  });
}

const HOSTS = [
  host({ id: "-TR4060-d", hostname: "192.0.2.4", left: 0 }),
  host({ id: "-LS0001-s", hostname: "192.0.2.30", downloaded: 1, left: 400 }),
  host({ id: "-LS0001-t", hostname: "192.0.2.5", downloaded: 1, left: 600 }),
  host({
    id: "-qB4520-f",
    hostname: "192.0.2.6",
    left: 500,
    bytesPerSecond: 10,
    lastSeenMs: 29_000,
  }),
];

/** The last parts of the addresses that are shown. */
function shown(search: string, order?: Order): string {
  return selectRows(HOSTS, HOST_TABLE, { search, order, rowCount: 300 }).shown
    .map(({ addresses }) => addresses[0]!.hostname.split(".").pop()).join(" ");
}

Deno.test("hosts in trouble are shown first, and each state by address", () => {
  assertEquals(shown(""), "5 30 6 4");
});

Deno.test("hosts are sorted by any column, unknown values last", () => {
  const order = (key: string, isDescending = false): string =>
    shown("", { key, isDescending });
  assertEquals(order("host"), "4 5 6 30");
  assertEquals(order("host", true), "30 6 5 4");
  assertEquals(order("client"), "5 30 6 4");
  assertEquals(order("progress"), "5 6 30 4");
  assertEquals(order("speed", true), "6 4 5 30");
  assertEquals(order("left"), "6 4 5 30");
  assertEquals(order("seen"), "6 4 5 30");
});

Deno.test("hosts are found by address, client and state", () => {
  assertEquals(shown("192.0.2.3"), "30");
  assertEquals(shown("LANSWARM"), "5 30");
  assertEquals(shown("stuck"), "5 30");
  assertEquals(shown("-LS"), "");
});

Deno.test("renderHostRow() shows all facts about a host", () => {
  const id = peerId("-qB4520-f");
  assertEquals(
    renderHostRow(HOSTS[3]!).text,
    `<tr data-key="${id}" id="host-${id}">` +
      '<th scope="row"><span class="address">192.0.2.6<small>:6881</small></span></th>' +
      '<td data-label="Client">qBittorrent 4.5.2</td>' +
      '<td class="wide" data-label="Progress"><progress class="fetching" max="1000" value="500"></progress><span>50%</span></td>' +
      '<td class="number" data-label="Speed">10 B/s</td>' +
      '<td class="number" data-label="Time left"><span>50 s</span></td>' +
      '<td class="number faint" data-label="Last announce">just now</td></tr>',
  );
});

Deno.test("renderHostRow() shows the state of a host that is not fetching", () => {
  assertStringIncludes(
    renderHostRow(HOSTS[1]!).text,
    '<td class="number" data-label="Time left"><b class="badge stuck" title="received nothing between its last two announces">stuck</b></td>',
  );
});

/** The map's cells, of hosts that are all in the table or that a search hides. */
function cellsOf(hosts: readonly Host[], isInTable = true): string[] {
  const view = plainView(infoHash("a"), "http://192.0.2.9:8000");
  const inTable = new Set(isInTable ? hosts : []);
  return renderMap(hosts, inTable, view).text.match(/<li.*?<\/li>/g) ?? [];
}

Deno.test("renderMap() draws a cell for each host, by address", () => {
  assertEquals(
    cellsOf(HOSTS).map((cell) =>
      cell.replace(/ (?:href|data-key)="[^"]*"/g, "")
    ),
    [
      '<li class="done fill10"><a title="192.0.2.4: done, 100%">.4</a></li>',
      '<li class="stuck fill4"><a title="192.0.2.5: stuck, 40%">.5</a></li>',
      '<li class="fetching fill5"><a title="192.0.2.6: fetching, 50%">.6</a></li>',
      '<li class="stuck fill6"><a title="192.0.2.30: stuck, 60%">.30</a></li>',
    ],
  );
});

Deno.test("renderMap() leads to a host's row, even if a search hides it", () => {
  const id = peerId("-TR4060-d");
  assertStringIncludes(cellsOf(HOSTS)[0]!, `href="#host-${id}"`);
  assertStringIncludes(
    cellsOf(HOSTS, false)[0]!,
    `href="/?torrent=${"a".repeat(40)}#host-${id}"`,
  );
});

Deno.test("renderMap() draws neither a single host nor hundreds", () => {
  assertEquals(cellsOf(HOSTS.slice(0, 1)), []);
  assertEquals(cellsOf(Array.from({ length: 301 }, () => HOSTS[0]!)), []);
});
