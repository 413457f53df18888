import { assertEquals, assertMatch } from "@std/assert";
import {
  originOf,
  torrentFileNameOf,
  torrentPath,
} from "../../../lib/catalogue/torrent_links.ts";

Deno.test("torrentPath() decodes to the name and is one word to a shell", () => {
  const names = [
    "document.torrent",
    "some name.torrent",
    "a+b&c=d?e#f%41.torrent",
    "../../etc/passwd",
    "$(reboot) `reboot` !! 'a' \"b\" *.torrent",
    "<script>.torrent",
    "日本語 🎬.torrent",
    "\u202etnerrot.\n",
  ];
  for (const name of names) {
    const path = torrentPath(name);
    assertEquals(torrentFileNameOf(path), name);
    assertMatch(path, /^\/torrents\/[\w.%~-]+$/);
  }
});

Deno.test("torrentFileNameOf() accepts any spelling of a name, and no other path", () => {
  const cases: [path: string, fileName: string | undefined][] = [
    ["/torrents/%61.torrent", "a.torrent"],
    ["/torrents/a+b", "a+b"],
    ["/torrents/%C3%BC", "ü"],
    ["/torrents/%c3%bc", "ü"],
    ["/torrents/", ""],
    ["/torrents/%2e%2e%2fa", "../a"],
    ["/torrents/%", undefined],
    ["/torrents/%zz", undefined],
    ["/torrents/%ff", undefined],
    ["/torrents/%ed%a0%80", undefined],
    ["/torrents", undefined],
    ["/stats", undefined],
  ];
  for (const [path, fileName] of cases) {
    assertEquals(torrentFileNameOf(path), fileName, path);
  }
});

Deno.test("originOf() is the host that the browser used", () => {
  const hosts = [
    "192.168.1.100:8000",
    "tracker",
    "tracker.lan:80",
    "my_host.",
    "[fe80::1]:8000",
    "[::1]",
  ];
  for (const host of hosts) {
    assertEquals(originOf(host, "http://fallback"), `http://${host}`);
  }
  assertEquals(originOf("Tracker.LAN", ""), "http://tracker.lan");
});

Deno.test("originOf() falls back if the header is not a host", () => {
  const hosts = [
    undefined,
    "",
    " ",
    "a b",
    "<script>",
    'a"b',
    "a;reboot",
    "$(reboot)",
    "user@host",
    "host/path",
    "host:",
    "host:port",
    "host:123456",
    "::1",
    "[::1",
    "[::1]a",
    "-a",
    "a\n",
    "ä",
    "a".repeat(261),
  ];
  for (const host of hosts) {
    assertEquals(originOf(host, "http://fallback"), "http://fallback", host);
  }
});
