import { assertEquals, assertObjectMatch, assertThrows } from "@std/assert";
import { UsageError } from "../../../cli/program_error.ts";
import { parseTrackerJob } from "../../../cli/tracker.ts";

Deno.test("parseTrackerJob() has the defaults that users know", () => {
  assertObjectMatch(parseTrackerJob([]), {
    port: 8000,
    host: undefined,
    udp: false,
    allow: [],
    deny: [],
    intervalSeconds: undefined,
    peerTimeoutSeconds: 180,
    torrentsDir: undefined,
    onlyListed: false,
    onHangup: undefined,
    quiet: false,
    json: false,
    log: false,
    trustProxy: false,
    isDebug: false,
  });
});

Deno.test("parseTrackerJob() reads its flags", () => {
  const args = [
    ...["8001", "--host", "192.168.1.5", "--interval=60"],
    ...["--peer-timeout", "90", "--torrents", "/srv/torrents"],
    ...["--only-listed", "--udp", "--json", "--debug"],
    ...["--allow=192.168.0.0/16", "--allow=fd00::/8", "--deny=192.168.7.1"],
    ...["--log", "--trust-proxy"],
  ];
  assertObjectMatch(parseTrackerJob(args), {
    port: 8001,
    host: "192.168.1.5",
    udp: true,
    intervalSeconds: 60,
    peerTimeoutSeconds: 90,
    torrentsDir: "/srv/torrents",
    onlyListed: true,
    allow: ["192.168.0.0/16", "fd00::/8"],
    deny: ["192.168.7.1"],
    json: true,
    log: true,
    trustProxy: true,
    isDebug: true,
  });
});

Deno.test("parseTrackerJob() takes text in the form in which it is used", () => {
  const args = [
    "8001 ",
    "--host=\ufeff127.0.0.1\r",
    "--store= sqlite:a b.db\n",
  ];
  assertObjectMatch(parseTrackerJob(args), {
    port: 8001,
    host: "127.0.0.1",
    store: "sqlite:a b.db",
  });
  assertThrows(
    () => parseTrackerJob(["80\u200d00"]),
    UsageError,
    'PORT: "80\u200d00": it contains the invisible character U+200D',
  );
});

Deno.test("parseTrackerJob() takes --quiet and --json together", () => {
  assertObjectMatch(parseTrackerJob(["--quiet", "--json"]), {
    quiet: true,
    json: true,
  });
});

Deno.test("parseTrackerJob() refuses an invalid command line", () => {
  const cases = [
    ["65536"],
    ["http"],
    ["-1"],
    ["8000", "8001"],
    ["--interval=0"],
    ["--interval=86401"],
    ["--peer-timeout=soon"],
    ["--hots=127.0.0.1"],
    ["--torrents="],
    ["--only-listed"],
    ["--allow=192.168.0.0/33"],
    ["--deny=everybody"],
  ];
  for (const args of cases) {
    assertThrows(() => parseTrackerJob(args), UsageError, "", args[0]);
  }
});

Deno.test("parseTrackerJob() reads a store, and does not repeat the password of an invalid one", () => {
  assertEquals(parseTrackerJob([]).store, "memory");
  for (const store of ["sqlite:/srv/a b.db", "redis://:x@10.0.0.5:6379/1"]) {
    assertEquals(parseTrackerJob(["--store", store]).store, store);
  }
  for (
    const store of ["tracker.db", "redis://:secret@/", "rediss://:secret@x"]
  ) {
    const error = assertThrows(
      () => parseTrackerJob(["--store", store]),
      UsageError,
    );
    assertEquals(
      /^cannot read .*--store.*see --help$/.test(error.message),
      true,
    );
    assertEquals(error.message.includes("secret"), false);
  }
});
