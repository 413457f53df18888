import {
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertThrows,
} from "@std/assert";
import { InformationRequest } from "../../../cli/flags.ts";
import { parsePeerJob } from "../../../cli/peer_job.ts";
import { UsageError } from "../../../cli/program_error.ts";

Deno.test("parsePeerJob() has the defaults that users know", () => {
  assertEquals(parsePeerJob(["a.torrent"]), {
    torrents: ["a.torrent"],
    watch: undefined,
    from: [],
    ...{ link: false, atomic: false },
    dir: ".",
    port: 6881,
    host: undefined,
    maxPeers: 50,
    allow: [],
    deny: [],
    maxUploadBytesPerSecond: 0,
    maxDownloadBytesPerSecond: 0,
    ...{ only: [], not: [], first: [] },
    noDiscovery: false,
    exitWhenComplete: false,
    seedOnly: false,
    timeoutMs: Infinity,
    giveUpAfterMs: Infinity,
    onHangup: undefined,
    mustVerify: false,
    force: false,
    stateDir: undefined,
    retryForMs: 60_000,
    onComplete: undefined,
    onFile: undefined,
    quiet: false,
    json: false,
    isDebug: false,
  });
});

Deno.test("parsePeerJob() takes text in the form in which it is used", () => {
  const args = [
    ...[" http://HOST:8000/torrents/a%20b.torrent#top\n", " a b.torrent"],
    ...["--host", "::1\u200b", "--allow", "\u00a010.0.0.0/8 ", "--port=70\t"],
    ...["--on-complete", " echo 'a\u200bb' "],
  ];
  const job = parsePeerJob(args);
  assertEquals(job.torrents, [
    "http://host:8000/torrents/a%20b.torrent",
    // A path is what the user says it is.
    " a b.torrent",
  ]);
  assertEquals([job.host, job.port, ...job.allow], ["::1", 70, "10.0.0.0/8"]);
  assertEquals(job.onComplete, ["echo", "a\u200bb"]);
});

Deno.test("parsePeerJob() refuses what nobody sees by its code point", () => {
  const cases: [args: string[], reason: string][] = [
    [["http://ho\u200bst/a.torrent"], "TORRENT: "],
    [["http://ho\u200bst/a.torrent"], 'U+200B after "http://ho"'],
    [["a", "--host", "192.168.\u20601.5"], "--host: "],
    [["a", "--deny", "10.0.0.0\ufe0f/8"], "U+FE0F"],
    [["a", "--host", " "], '--host: "": it is empty'],
  ];
  for (const [args, reason] of cases) {
    assertThrows(() => parsePeerJob(args), UsageError, reason);
  }
});

Deno.test("parsePeerJob() reads rates as limit does, and bytes as sizes", () => {
  const cases = {
    ...{ "0": 0, "2000": 2_000, "500k": 512_000, "1MiB": 1_048_576 },
    ...{ "10MB/s": 10_000_000, "10mb": 10_000_000, "800KiB/s": 819_200 },
  };
  for (const [text, rate] of Object.entries(cases)) {
    const job = parsePeerJob(["a", "--max-upload", text]);
    assertEquals(job.maxUploadBytesPerSecond, rate, text);
  }
  assertThrows(
    () => parsePeerJob(["a", "--max-download=10MB/h"]),
    UsageError,
    "is not a size such as",
  );
});

Deno.test("parsePeerJob() reads every flag", () => {
  const args = [
    ...["a.torrent", "--dir", "/srv/files", "--port=7000", "b.torrent"],
    ...["--host", "192.168.1.5", "--max-peers", "7", "--max-upload", "1MiB"],
    ...[
      "--max-download=2000",
      "--timeout",
      "2h",
      "--give-up-after",
      "10m",
      "--on-hangup",
      "ignore",
      "--exit-when-complete",
      "--json",
      "--seed-only",
      "--no-discovery",
    ],
    ...["--verify", "--force", "--allow", "10.0.0.0/8", "--allow=fd00::/8"],
    ...["--deny", "10.0.0.1", "--state", "/srv/state"],
    ...["--on-complete", "mail -s 'all done' me", "--debug"],
    ...["--retry-for", "10m"],
  ];
  assertEquals(parsePeerJob(args), {
    torrents: ["a.torrent", "b.torrent"],
    watch: undefined,
    from: [],
    ...{ link: false, atomic: false },
    dir: "/srv/files",
    port: 7000,
    host: "192.168.1.5",
    maxPeers: 7,
    allow: ["10.0.0.0/8", "fd00::/8"],
    deny: ["10.0.0.1"],
    maxUploadBytesPerSecond: 1_048_576,
    maxDownloadBytesPerSecond: 2000,
    ...{ only: [], not: [], first: [] },
    noDiscovery: true,
    exitWhenComplete: true,
    seedOnly: true,
    timeoutMs: 7_200_000,
    giveUpAfterMs: 600_000,
    onHangup: "ignore",
    mustVerify: true,
    force: true,
    stateDir: "/srv/state",
    retryForMs: 600_000,
    onComplete: ["mail", "-s", "all done", "me"],
    onFile: undefined,
    quiet: false,
    json: true,
    isDebug: true,
  });
  assertEquals(parsePeerJob(["a", "--quiet"]).quiet, true);
  assertEquals(parsePeerJob(["a", "--port", "0"]).port, 0);
});

Deno.test("parsePeerJob() reads everything after -- as torrents", () => {
  const { torrents } = parsePeerJob(["a", "--", "--json", "1"]);
  assertEquals(torrents, ["a", "--json", "1"]);
});

Deno.test("parsePeerJob() refuses an invalid command line and says why", () => {
  const cases: [args: string[], reason: string][] = [
    [[], "no TORRENT is given"],
    [["--quiet"], "no TORRENT is given"],
    [[""], "an argument is empty"],
    [
      ["a", "--quiet", "--json"],
      "--quiet and --json are both given; choose one",
    ],
    [["a", "--atomic", "--on-file", "mail"], "--on-file: with --atomic"],
    [["a", "--atomic", "--seed-only"], "--atomic: nothing is fetched"],
    [["a", "--link"], "--link: give the older version with --from"],
    [["a", "--speed"], "unknown flag --speed"],
    [["a", "-p", "1"], "unknown flag -p"],
    [["a", "--json=no"], "--json takes no value"],
    [["a", "--port", "65536"], "a whole number from 0 to 65535"],
    [["a", "--port", "http"], '--port: "http" is not'],
    [["a", "--port=1", "--port=2"], "--port is given twice"],
    [["a", "--max-peers", "0"], "a whole number from 1 to 10000"],
    [
      ["a", "--allow", "10.0.0.0/33"],
      '--allow: "10.0.0.0/33": it is neither a network',
    ],
    [["a", "--deny", "lan"], '--deny: "lan": it is neither a network'],
    [["a", "--max-upload", "-1"], "unknown flag -1"],
    [["a", "--max-upload=-1"], '--max-upload: "-1" is not'],
    [["a", "--max-download", "1e6"], '--max-download: "1e6" is not'],
    [["a", "--max-download", "1.5"], "is not a size such as 256KiB, 1MiB or"],
    [["a", "--retry-for", "soon"], '--retry-for: "soon" is not a time such as'],
    [["a", "--dir"], "--dir needs a value"],
    [["a", "--on-complete", ""], "--on-complete needs a value"],
    [["a", "--on-complete", "say 'done"], "--on-complete: a ' is not closed"],
    [["a", "--on-complete", "  "], "--on-complete: it contains no command"],
  ];
  for (const [args, reason] of cases) {
    assertThrows(() => parsePeerJob(args), UsageError, reason);
  }
});

Deno.test("parsePeerJob() answers --help even if the rest is invalid", () => {
  for (const args of [["--help"], ["-h", "a"], ["--help", "--port", "x"]]) {
    let request: unknown;
    try {
      parsePeerJob(args);
    } catch (thrown) {
      request = thrown;
    }
    // A way out, not an error: assertThrows() would not take it.
    assertInstanceOf(request, InformationRequest);
    assertMatch(
      request.text,
      /^Usage: deno task peer TORRENT[^]*^Exit codes: /m,
    );
  }
});

Deno.test("parsePeerJob() reads the choice of files", () => {
  const { only, not, first, onFile } = parsePeerJob([
    ...["a", "--only", "docs/**", "--only", "*.iso", "--not", "*.tmp"],
    ...["--first", "index", "--on-file", "touch 'a b'"],
  ]);
  const texts = [only, not, first].map((globs) =>
    globs.map(({ text }) => text)
  );
  assertEquals(texts, [["docs/**", "*.iso"], ["*.tmp"], ["index"]]);
  assertEquals(onFile, ["touch", "a b"]);
});
