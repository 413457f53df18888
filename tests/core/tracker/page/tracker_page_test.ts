import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { SCRIPT } from "../../../../lib/tracker/page/document.ts";
import { STYLE } from "../../../../lib/tracker/page/style.ts";
import { infoHash, text } from "../../announce/samples.ts";
import { bodyOf, deskOf, lab, largeScene, LISTED } from "./page_desk.ts";
import { sceneCatalogue, scenePeer, SceneStore } from "./scene_store.ts";

Deno.test("/ and /stats are the same page, whose policy allows nothing else", async () => {
  const { get } = deskOf(lab());
  const response = await get("/");
  assertEquals(response.status, 200);
  const { headers } = response;
  assertEquals(headers["content-type"], "text/html; charset=utf-8");
  const hash = async (part: string): Promise<string> => {
    const content = new TextEncoder().encode(part);
    const digest = await crypto.subtle.digest("SHA-256", content);
    return btoa(String.fromCharCode(...new Uint8Array(digest)));
  };
  assertEquals(
    headers["content-security-policy"],
    `default-src 'none'; script-src 'sha256-${await hash(SCRIPT)}'; ` +
      `style-src 'sha256-${await hash(STYLE)}'; img-src data:; ` +
      "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
  assertEquals(headers["x-frame-options"], "DENY");
  assertEquals(headers["cache-control"], "no-store");
  assertEquals(await bodyOf(await get("/stats")), await bodyOf(response));
});

Deno.test("/ shows a torrent by its info hash alone", async () => {
  const { get } = deskOf(lab());
  const page = await get(`/?torrent=${"A".repeat(40)}`);
  assertEquals(page.status, 200);
  assertStringIncludes(await bodyOf(page), "192.0.2.2");
  assertEquals((await get(`/?torrent=${"c".repeat(40)}`)).status, 404);
  assertEquals((await get("/?torrent=..")).status, 404);
});

Deno.test("/ shows listed torrents, with a command that names the tracker as the browser does", async () => {
  const { get } = deskOf(lab(), {
    catalogue: sceneCatalogue(LISTED),
    peerCommand: "./peer",
  });
  const command = async (host: string | undefined): Promise<string> =>
    /<code>(.*?)<\/code>/.exec(
      await bodyOf(await get("/", { header: () => host })),
    )![1]!;
  assertEquals(
    await command("tracker.lan:8000"),
    "./peer http://tracker.lan:8000/torrents/my%20image.torrent",
  );
  assertEquals(
    await command("[2001:db8::1]:8000"),
    "./peer http://[2001:db8::1]:8000/torrents/my%20image.torrent",
  );
  for (const host of [undefined, "", `x"><b>`, "x y", "x/..", "$(reboot)"]) {
    assertEquals(
      await command(host),
      "./peer http://TRACKER/torrents/my%20image.torrent",
    );
  }
});

Deno.test("many torrents are read once for all requests of a second, few for each request", async () => {
  const { get, store } = deskOf(largeScene());
  for (const address of ["/", "/?sort=name", "/stats.json", "/metrics"]) {
    await bodyOf(await get(address));
  }
  assertEquals(store.swarmsReadCount, 1);
  const { get: getFew, store: few } = deskOf(lab());
  await bodyOf(await getFew("/"));
  await bodyOf(await getFew("/"));
  assertEquals(few.swarmsReadCount, 2);
});

Deno.test("/view gives a part of the page to its script", async () => {
  const peers = Array.from(
    { length: 150 },
    (_, host) => scenePeer({ id: `${host}`, hostname: "192.0.2.1" }),
  );
  const { get } = deskOf(new SceneStore({ infoHash: infoHash("a"), peers }));
  const query = `torrent=${"a".repeat(40)}`;
  const countRows = async (address: string): Promise<number | undefined> =>
    (await bodyOf(await get(address))).match(/<tr data-key/g)?.length;
  const { status, headers } = await get(`/view?${query}`);
  assertEquals([status, headers["snapshot-version"]], [200, "1"]);
  assertStringIncludes(headers["content-security-policy"]!, "script-src");
  assertEquals(await countRows(`/view?${query}`), 100);
  assertEquals(await countRows(`/view?${query}&page=0`), 100);
  assertEquals(await countRows(`/view?page=1&${query}`), 50);
  assertEquals(await countRows(`/view?${query}&page=2`), undefined);
  assertEquals((await get("/view?torrent=x")).status, 404);
});

Deno.test("a view is rendered once a second for all who watch it", async () => {
  const { get, store, page } = deskOf(lab());
  const { body } = await get("/events");
  const stream = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  await stream.next();
  await page.sample(61_000);
  const count = store.peersReadCount;
  const versions = new Set<string | undefined>();
  for (let viewer = 0; viewer < 100; viewer++) {
    const { headers } = await get("/view", {}, 61_000 + viewer * 8);
    versions.add(headers["snapshot-version"]);
  }
  assertEquals([store.peersReadCount, [...versions]], [count, ["1"]]);
  // The next second has a snapshot of its own.
  const { headers } = await get("/view", {}, 62_000);
  assertEquals(headers["snapshot-version"], "2");
  assertEquals(store.peersReadCount, 2 * count);
  await stream.return!();
});

Deno.test("/events sends the version of a snapshot that changed the view", async () => {
  const { get, page, store } = deskOf(lab());
  const { headers, body } = await get("/events");
  assertEquals(headers["content-type"], "text/event-stream");
  assert(typeof body === "object" && !(body instanceof Uint8Array));
  const stream = body[Symbol.asyncIterator]();
  const read = async (): Promise<string> => text((await stream.next()).value!);
  await read();
  await page.sample(61_000);
  assertEquals(await read(), "event: changed\ndata: 1\n\n");
  await page.sample(62_000);
  store.scene[0]!.peers = store.scene[0]!.peers.slice(0, 1);
  await page.sample(63_000);
  assertEquals(await read(), "event: changed\ndata: 3\n\n");
  const view = await get("/view", {}, 63_100);
  assertEquals(view.headers["snapshot-version"], "3");
  assertStringIncludes(
    await bodyOf(view),
    "<title>0 fetching, 1 done · lanswarm</title>",
  );
  await stream.return!();
  assertStringIncludes(
    await bodyOf(await get("/metrics")),
    "lanswarm_page_listeners 0",
  );
});

Deno.test("/events opens no stream for HEAD, for an invalid torrent, or beyond the limit", async () => {
  const { get, page } = deskOf(lab());
  const head = await get("/events", { method: "HEAD" });
  assertEquals([head.status, head.body], [200, ""]);
  assertEquals((await get("/events?torrent=x")).status, 404);
  const statuses = new Set<number>();
  for (let count = 0; count < 30; count++) {
    const { status, body } = await get("/events");
    statuses.add(status);
    if (status === 200 && typeof body === "object") {
      await (body as AsyncIterableIterator<Uint8Array>).next();
    }
  }
  assertEquals([...statuses], [200, 503]);
  page.close();
  assertEquals((await get("/events")).status, 200);
});

Deno.test("/metrics is what Prometheus reads", async () => {
  const { get } = deskOf(lab(), {
    catalogue: sceneCatalogue({
      ...LISTED,
      infoHash: infoHash("a"),
      name: 'a "lab"\n\\image',
    }),
  });
  const response = await get("/metrics");
  assertEquals(
    response.headers["content-type"],
    "text/plain; version=0.0.4; charset=utf-8",
  );
  const metrics = await bodyOf(response);
  for (
    const line of [
      "# TYPE lanswarm_downloads_completed_total counter",
      "lanswarm_downloads_completed_total 1",
      "lanswarm_seeders 1",
      "lanswarm_leechers 1",
      "lanswarm_torrents_active 1",
      "lanswarm_bytes_per_second 2.4",
      "lanswarm_uptime_seconds 61",
      `lanswarm_torrent_leechers{info_hash="${
        "a".repeat(40)
      }",name="a \\"lab\\"\ufffd\\\\image"} 1`,
    ]
  ) assert(metrics.split("\n").includes(line), `${line}\n${metrics}`);
  // Each line is a comment, or a name with labels and a number.
  for (const line of metrics.split("\n")) {
    assertMatch(
      line,
      /^(?:|# (?:HELP|TYPE) .*|[a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)+\})? [\d.e+-]+)$/,
    );
  }
});

Deno.test("/metrics has bounded labels, and the same values at each scrape", async () => {
  const { get } = deskOf(largeScene());
  const first = await bodyOf(await get("/metrics"));
  assertEquals(first.match(/^lanswarm_torrent_seeders\{/gm)?.length, 50);
  assertStringIncludes(first, "\nlanswarm_torrents 10000\n");
  assertEquals(await bodyOf(await get("/metrics")), first);
});

Deno.test("/healthz answers 200 while the tracker runs", async () => {
  const { get } = deskOf(lab());
  const { status, body } = await get("/healthz");
  assertEquals([status, body], [200, "ok\n"]);
});

Deno.test("every path answers HEAD, and the page links to no other host", async () => {
  const { get } = deskOf(lab());
  for (
    const path of [
      "/",
      "/stats",
      "/view",
      "/stats.json",
      "/metrics",
      "/healthz",
    ]
  ) assertEquals((await get(path, { method: "HEAD" })).status, 200, path);
  assertNotMatch(
    await bodyOf(await get("/")),
    /https?:\/\/(?!TRACKER|www\.w3\.org)/,
  );
});
