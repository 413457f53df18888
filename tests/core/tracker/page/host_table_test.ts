import { assertEquals, assertStringIncludes } from "@std/assert";
import { describeHost, type Host } from "../../../../lib/tracker/page/host.ts";
import { renderHostMap } from "../../../../lib/tracker/page/host_map.ts";
import {
  MAX_HOST_ROWS,
  renderHostRow,
  selectHosts,
} from "../../../../lib/tracker/page/host_table.ts";
import type { HostKey, Order } from "../../../../lib/tracker/page/view.ts";
import { peerId } from "../../announce/samples.ts";
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
function shown(search: string, order?: Order<HostKey>): string {
  return selectHosts(HOSTS, { search, order }).shown
    .map(({ addresses }) => addresses[0]!.hostname.split(".").pop()).join(" ");
}

Deno.test("selectHosts() shows those in trouble first, and each state by address", () => {
  assertEquals(shown(""), "5 30 6 4");
});

Deno.test("selectHosts() sorts by any column; what is not known comes last", () => {
  const order = (key: HostKey, isDescending = false): string =>
    shown("", { key, isDescending });
  assertEquals(order("host"), "4 5 6 30");
  assertEquals(order("host", true), "30 6 5 4");
  assertEquals(order("client"), "5 30 6 4");
  assertEquals(order("progress"), "5 6 30 4");
  assertEquals(order("speed", true), "6 4 5 30");
  assertEquals(order("left"), "6 4 5 30");
  assertEquals(order("seen"), "6 4 5 30");
});

Deno.test("selectHosts() finds addresses, clients and states", () => {
  assertEquals(shown("192.0.2.3"), "30");
  assertEquals(shown("LANSWARM"), "5 30");
  assertEquals(shown("stuck"), "5 30");
  assertEquals(shown("-LS"), "");
});

Deno.test("selectHosts() shows the first few hundred and counts the rest", () => {
  const many = Array.from({ length: 2_000 }, () => HOSTS[0]!);
  const { shown, matchCount } = selectHosts(many, {
    search: "",
    order: undefined,
  });
  assertEquals([shown.length, matchCount], [MAX_HOST_ROWS, 2_000]);
});

Deno.test("renderHostRow() shows everything that is known of a host", () => {
  const { key, html } = renderHostRow(HOSTS[3]!);
  const id = peerId("-qB4520-f");
  assertEquals(key, id);
  assertEquals(
    html.text,
    `<tr data-key="${id}" id="host-${id}">` +
      '<th scope="row"><span class="address">192.0.2.6<small>:6881</small></span></th>' +
      '<td data-label="Client">qBittorrent 4.5.2</td>' +
      '<td class="wide" data-label="Progress"><progress class="fetching" max="1000" value="500"></progress><span>50%</span></td>' +
      '<td class="number" data-label="Speed">10 B/s</td>' +
      '<td class="number" data-label="Time left"><span>50 s</span></td>' +
      '<td class="number faint" data-label="Last announce">just now</td></tr>',
  );
});

Deno.test("renderHostRow() says what a host is at instead of a time", () => {
  assertStringIncludes(
    renderHostRow(HOSTS[1]!).html.text,
    '<td class="number" data-label="Time left"><b class="badge stuck" title="received nothing between its last two announces">stuck</b></td>',
  );
});

Deno.test("renderHostMap() draws a cell for each host, by address", () => {
  const cells = renderHostMap(HOSTS).text.match(/<li.*?<\/li>/g)!;
  assertEquals(
    cells.map((cell) => cell.replace(/ href="[^"]*"/, "")),
    [
      '<li class="done fill10"><a title="192.0.2.4: done, 100%">.4</a></li>',
      '<li class="stuck fill4"><a title="192.0.2.5: stuck, 40%">.5</a></li>',
      '<li class="fetching fill5"><a title="192.0.2.6: fetching, 50%">.6</a></li>',
      '<li class="stuck fill6"><a title="192.0.2.30: stuck, 60%">.30</a></li>',
    ],
  );
  assertStringIncludes(cells[0]!, `href="#host-${peerId("-TR4060-d")}"`);
});

Deno.test("renderHostMap() draws nothing where it would tell nothing", () => {
  assertEquals(renderHostMap(HOSTS.slice(0, 1)).text, "");
  const many = Array.from({ length: 301 }, () => HOSTS[0]!);
  assertEquals(renderHostMap(many).text, "");
});
