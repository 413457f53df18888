import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { findAnnounceFaults, parseCreateJob } from "../../../cli/create_job.ts";
import { UsageError } from "../../../cli/program_error.ts";

const URL_A = "http://192.168.1.100:8000/announce";
const URL_B = "udp://tracker:6969";

Deno.test("parseCreateJob() takes PATH, URLs and OUTPUT in that order", () => {
  const cases: [args: string[], announce: string[], output?: string][] = [
    [["a", URL_A, "a.torrent"], [URL_A], "a.torrent"],
    [["a", URL_A], [URL_A]],
    [["a", URL_A, URL_B], [URL_A, URL_B]],
    [["a", URL_A, URL_B, "http.torrent"], [URL_A, URL_B], "http.torrent"],
    // A drive letter is no protocol of a tracker.
    [["a", URL_A, "C:\\a.torrent"], [URL_A], "C:\\a.torrent"],
    [["a", URL_A, "C:/a.torrent"], [URL_A], "C:/a.torrent"],
    [["a", URL_A, "C:/announce"], [URL_A], "C:/announce"],
  ];
  for (const [args, announce, output] of cases) {
    const request = parseCreateJob(args);
    assertEquals(request.path, "a");
    assertEquals(request.announce, announce);
    assertEquals(request.output, output);
  }
});

Deno.test("parseCreateJob() reads the options", () => {
  const args = ["--private", "--comment", "a remark", "--name=b", "--force"];
  assertEquals(parseCreateJob(["a", URL_A, ...args]), {
    path: "a",
    announce: [URL_A],
    output: undefined,
    pieceLength: undefined,
    isPrivate: true,
    comment: "a remark",
    name: "b",
    includeGlobs: [],
    excludeGlobs: [],
    similar: [],
    collections: [],
    align: false,
    noAlign: false,
    force: true,
  });
});

Deno.test("parseCreateJob() takes URLs and names in the form in which they are used", () => {
  const cases: [url: string, announce: string][] = [
    ["http://HOST:8000/announce ", "http://host:8000/announce"],
    ["\u200bhttp://a:8000/announce\r\n", "http://a:8000/announce"],
    ["http://a:80/announce#top", "http://a/announce"],
    ["\u00a0udp://tracker:6969\ufeff", "udp://tracker:6969"],
    ["http:\\\\a\\announce", "http://a/announce"],
  ];
  for (const [url, announce] of cases) {
    assertEquals(parseCreateJob(["a", url]).announce, [announce]);
    assertEquals(
      parseCreateJob(["a", url, " b.torrent"]).output,
      " b.torrent",
    );
  }
  const flags = ["--name", " a b \u2764\ufe0f\n", "--piece-length", "1MiB\t"];
  const { name, pieceLength } = parseCreateJob(["a", URL_A, ...flags]);
  assertEquals([name, pieceLength], ["a b \u2764\ufe0f", 1_048_576]);
});

Deno.test("parseCreateJob() refuses what nobody sees by its code point", () => {
  const cases: [args: string[], reason: string][] = [
    [["http://ho\u200bst/announce"], 'U+200B after "http://ho"'],
    [["http://host/ann ounce"], 'a blank after "http://host/ann"'],
    [["http://host/\ud800announce"], "U+D800"],
    [[URL_A, "--name", "a\u202eb"], '--name: "a\u202eb": it contains the'],
    [[URL_A, "--piece-length", "1\u2060MiB"], "U+2060"],
    [[URL_A, "--name", " \t "], '--name: "": it is empty'],
  ];
  for (const [args, reason] of cases) {
    assertThrows(() => parseCreateJob(["a", ...args]), UsageError, reason);
  }
});

Deno.test("parseCreateJob() reads piece lengths in bytes and units", () => {
  for (const text of ["1048576", "1024k", "1MiB"]) {
    const args = ["a", URL_A, "--piece-length", text];
    assertEquals(parseCreateJob(args).pieceLength, 1_048_576);
  }
});

Deno.test("parseCreateJob() refuses an invalid command line and says why", () => {
  const cases: [args: string[], reason: string][] = [
    [[], "no PATH is given"],
    [["a"], "no ANNOUNCE_URL is given: the tracker prints it"],
    [["a", "a.torrent"], "no ANNOUNCE_URL is given: the tracker prints it"],
    [["a", "htp://x/announce"], '"htp://x/announce" is not an http'],
    [["a", URL_A, "ftp://x/"], '"ftp://x/" is not an http, https or udp URL'],
    [
      ["a", URL_A, "udp://tracker/announce"],
      '"udp://tracker/announce" names no port; write udp://tracker:PORT',
    ],
    [["a", "udp://[::1]:0"], "names no port; write udp://[::1]:PORT"],
    [["a", "tracker:8000", URL_A], '"tracker:8000" is not an http'],
    [["a", "b", URL_A, "c"], '"b" is not an http'],
    [
      ["a", URL_A, "--piece-length", "8KiB"],
      "8192 bytes is not a power of two",
    ],
    [
      ["a", URL_A, "--piece-length", "100000"],
      "100000 bytes is not a power of two",
    ],
    [["a", URL_A, "--piece-length", "1GiB"], '"1GiB" is not a size'],
    [["a", URL_A, "--piece-length", "512MiB"], "is not a power of two"],
    [["a", URL_A, "--piece-length", "0"], "not a power of two"],
  ];
  for (const [args, reason] of cases) {
    assertThrows(() => parseCreateJob(args), UsageError, reason);
  }
});

Deno.test("parseCreateJob() suggests http:// for a URL without a scheme", () => {
  for (
    const url of [
      "192.168.1.100:8000/announce",
      "tracker:8000",
      "tracker/announce",
      "[fe80::1]:8000/announce",
    ]
  ) {
    for (const args of [["a", url], ["a", URL_A, url], ["a", url, "b"]]) {
      assertThrows(
        () => parseCreateJob(args),
        UsageError,
        `is not an http, https or udp URL; write http://${url}; see --help`,
      );
    }
  }
});

Deno.test("findAnnounceFaults() warns of URLs that are unlike a tracker's", () => {
  const cases: [url: string, fault: string | undefined][] = [
    [URL_A, undefined],
    ["https://tracker/x/announce.php?key=1", undefined],
    ["http://tracker/announce/", "does not end in /announce"],
    ["http://tracker:8000", "does not end in /announce"],
    ["http://tracker/stats?a=/announce", "does not end in /announce"],
    ["udp://tracker:6969/announce", undefined],
    ["udp://tracker:6969", undefined],
  ];
  for (const [url, fault] of cases) {
    const found = findAnnounceFaults([url]);
    assertEquals(found.length, fault === undefined ? 0 : 1, url);
    if (fault !== undefined) assertStringIncludes(found[0]!, fault);
  }
});
