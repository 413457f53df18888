/**
 * Requests of web sites, which reach a tracker through the browsers of its network.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseRequest } from "../../../lib/http/request.ts";
import type { TrackerHandler } from "../../../lib/tracker/http_handler.ts";
import { announceQuery } from "../announce/samples.ts";
import { get, type TextResponse, tracker } from "./http_tracker.ts";

/** A handler with a page and torrent files. */
function handlerFor(...pageNames: string[]): TrackerHandler {
  const page: TrackerHandler = ({ path }) => ({
    status: 200,
    headers: {},
    body: `the page ${path}`,
  });
  const paths = ["/", "/stats.json", "/events", "/torrents/", "/healthz"];
  const routes = new Map(paths.map((path) => [path, page]));
  return tracker({ routes, pageNames });
}

/** A request as a client with these header lines sends it. */
function ask(
  handle: TrackerHandler,
  target: string,
  ...lines: string[]
): Promise<TextResponse> {
  const head = [`GET ${target} HTTP/1.1`, ...lines, "", ""].join("\r\n");
  const request = parseRequest(head, { remoteHostname: "192.0.2.1" });
  return get(handle, target, {
    header: (name) => request.header(name),
    isFromBrowser: request.isFromBrowser,
  });
}

Deno.test("the page answers for IP addresses, localhost and the names that it was given", async () => {
  const handle = handlerFor("box", "Tracker.example.org");
  const hosts = [
    ...["192.168.1.5", "192.168.1.5:8000", "[::1]:8000", "[2001:db8::1]"],
    ...["[fe80::1%eth0]:8000", "localhost:8000", "LOCALHOST", "box:8000"],
    ...["Box.", "tracker.example.org:80", "TRACKER.EXAMPLE.ORG"],
  ];
  for (const host of hosts) {
    for (const path of ["/", "/stats.json", "/torrents/a.torrent"]) {
      const { status } = await ask(handle, path, `Host: ${host}`);
      assertEquals([host, path, status], [host, path, 200]);
    }
  }
});

Deno.test("every route refuses any other name with a status of its own and names the flag", async () => {
  const handle = handlerFor("box");
  const hosts = [
    ...["evil.example", "evil.example:8000", "box.evil.example", "xbox", ""],
    ...["192.168.1.5.evil.example", "1.2.3", "localhost.evil", "[evil]", ":80"],
    ...["evil@localhost", "localhost/", "local host", "127.0.0.1:80:80"],
  ];
  const paths = [
    ...["/", "/stats.json", "/events", "/torrents/", "/torrents/a.torrent"],
    ...["/nothing", "//", "/announce/", "/healthz/"],
  ];
  for (const host of hosts) {
    for (const path of paths) {
      const { status, body } = await ask(handle, path, `Host: ${host}`);
      assertEquals([host, path, status], [host, path, 421]);
      assertStringIncludes(body, "--page-name");
    }
  }
  assertEquals(
    (await ask(handle, "/", "host: evil.example:8000")).body,
    "This tracker does not answer to that name. Open it by its IP address, or start the tracker with --page-name evil.example.\n",
  );
  const { body } = await ask(handle, "/", "host: <b>evil</b>");
  assertEquals(body.includes("evil"), false, body);
});

Deno.test("announces, scrapes and the health check answer for any name", async () => {
  const handle = handlerFor();
  for (const path of [`/announce?${announceQuery({})}`, "/scrape"]) {
    const { status, body } = await ask(handle, path, "host: any.example");
    assertEquals([status, body.includes("failure reason")], [200, false], body);
  }
  assertEquals(
    (await ask(handle, "/healthz", "host: any.example")).status,
    200,
  );
});

Deno.test("a browser can neither announce nor scrape, whatever it leaves out", async () => {
  const handle = handlerFor();
  const browsers = [
    ["Origin: http://evil.example"],
    ["origin: null"],
    ["Referer: http://evil.example/"],
    ["accept: */*", "REFERER:"],
    ["Sec-Fetch-Mode: no-cors"],
    ["sec-fetch-site: cross-site"],
    ["User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"],
    ["accept: */*", "user-agent:   mozilla/4.0"],
  ];
  const target = `/announce?${announceQuery({})}`;
  for (const lines of browsers) {
    for (const path of [target, "/scrape"]) {
      const { body } = await ask(handle, path, "host: 10.0.0.1", ...lines);
      assertStringIncludes(body, "does not answer web browsers", `${lines}`);
    }
  }
  const { body } = await ask(handle, "/scrape", "host: 10.0.0.1");
  assertEquals(body, "d5:filesdee");
});

Deno.test("clients that only mention what browsers send may announce", async () => {
  const handle = handlerFor();
  const clients = [
    "User-Agent: aria2/1.36.0",
    "User-Agent: Transmission/3.00",
    "User-Agent: Deluge/2.0.3 libtorrent/2.0.5.0 (like Mozilla/5.0)",
    "X-Referer: http://a.example/",
    "X-Original-Origin: b",
    "Accept: origin:, Mozilla/5.0",
  ];
  for (const line of clients) {
    const target = `/announce?${announceQuery({})}`;
    const { body } = await ask(handle, target, "host: 10.0.0.1", line);
    assertStringIncludes(body, "8:interval", line);
  }
});
