import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { SCRIPT } from "../../../../lib/tracker/page/script.ts";
import { STYLE } from "../../../../lib/tracker/page/style.ts";
import { utf8 } from "../../../../lib/tracker/page/utf8.ts";
import { infoHash, peerId, text } from "../../announce/samples.ts";
import {
  bodyOf,
  deskOf,
  lab,
  largeScene,
  LISTED,
  sha256,
} from "./page_desk.ts";
import { sceneCatalogue } from "./scene_store.ts";

Deno.test("/ and /stats are the same page, which nothing may be added to", async () => {
  const { get } = deskOf(lab());
  const response = await get("/");
  assertEquals(response.status, 200);
  const { headers } = response;
  assertEquals(headers["content-type"], "text/html; charset=utf-8");
  const hash = async (part: string): Promise<string> => {
    const digest = await sha256(utf8(part));
    return btoa(String.fromCharCode(...digest));
  };
  assertEquals(
    headers["content-security-policy"],
    `default-src 'none'; script-src 'sha256-${await hash(SCRIPT)}'; ` +
      `style-src 'sha256-${await hash(STYLE)}'; img-src data:; ` +
      "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
  assertEquals(headers["x-frame-options"], "DENY");
  assertEquals(headers["x-content-type-options"], "nosniff");
  assertEquals(headers["cache-control"], "no-store");
  assertEquals(await bodyOf(await get("/stats")), await bodyOf(response));
});

Deno.test("/ leads to a torrent's page by its info hash alone", async () => {
  const { get } = deskOf(lab());
  const page = await get(`/?torrent=${"A".repeat(40)}`);
  assertEquals(page.status, 200);
  assertStringIncludes(await bodyOf(page), "192.0.2.2");
  assertEquals((await get(`/?torrent=${"c".repeat(40)}`)).status, 404);
  assertEquals((await get("/?torrent=..")).status, 404);
});

Deno.test("/ shows listed torrents, with a command that names the tracker as the asker does", async () => {
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

Deno.test("many torrents are gone through once for all who ask within a second", async () => {
  const { get, store } = deskOf(largeScene());
  for (const address of ["/", "/?sort=name", "/stats.json", "/metrics"]) {
    await bodyOf(await get(address));
  }
  assertEquals(store.readCount, 1);
  const { get: getFew, store: few } = deskOf(lab());
  await bodyOf(await getFew("/"));
  await bodyOf(await getFew("/"));
  assertEquals(few.readCount, 2);
});

Deno.test("/events streams what changes on the page", async () => {
  const { get, page, store } = deskOf(lab());
  const { headers, body } = await get("/events");
  assertEquals(headers["content-type"], "text/event-stream");
  assert(typeof body === "object" && !(body instanceof Uint8Array));
  const stream = body[Symbol.asyncIterator]();
  await stream.next();
  await page.sample(61_000);
  const first = text((await stream.next()).value!);
  assertMatch(first, /^data: \{"layout":"overview of a{40}"/);
  store.scene[0]!.peers = store.scene[0]!.peers.slice(0, 1);
  await page.sample(62_000);
  const second = JSON.parse(
    new TextDecoder().decode((await stream.next()).value!).slice(6),
  );
  assertEquals(second.tables.hosts.order, [peerId("-LS0001-s")]);
  assertEquals(second.title, "0 fetching, 1 done · lanswarm");
  await stream.return!();
  assertStringIncludes(
    await bodyOf(await get("/metrics")),
    "lanswarm_page_listeners 0",
  );
});

Deno.test("/events opens no stream for HEAD, for a torrent that is none, or for too many", async () => {
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

Deno.test("/metrics are what Prometheus reads", async () => {
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
  // The format's own rule: each line is a comment, or a name with labels and a number.
  for (const line of metrics.split("\n")) {
    assertMatch(
      line,
      /^(?:|# (?:HELP|TYPE) .*|[a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)+\})? [\d.e+-]+)$/,
    );
  }
});

Deno.test("/metrics have bounded labels, and count anew at each scrape", async () => {
  const { get } = deskOf(largeScene());
  const first = await bodyOf(await get("/metrics"));
  assertEquals(first.match(/^lanswarm_torrent_seeders\{/gm)?.length, 50);
  assertStringIncludes(first, "\nlanswarm_torrents 10000\n");
  assertEquals(await bodyOf(await get("/metrics")), first);
});

Deno.test("/healthz is well while the store answers", async () => {
  const { get, store } = deskOf(lab());
  const { status, body } = await get("/healthz");
  assertEquals([status, body], [200, "ok\n"]);
  store.totals = () => {
    throw new Error("the store is gone");
  };
  assertEquals((await get("/healthz")).status, 503);
});

Deno.test("every path answers HEAD, and the page names no other host", async () => {
  const { get } = deskOf(lab());
  for (
    const path of ["/", "/stats", "/stats.json", "/metrics", "/healthz"]
  ) assertEquals((await get(path, { method: "HEAD" })).status, 200, path);
  assertNotMatch(
    await bodyOf(await get("/")),
    /https?:\/\/(?!TRACKER|www\.w3\.org)/,
  );
});
