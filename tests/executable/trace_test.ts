import { assertEquals } from "@std/assert";
import { missingProgram } from "../../scripts/clients/client.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import { startPeer, TORRENT_NAME } from "../../scripts/lan/sharing_steps.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { listing } from "../loopback/temporary_folder.ts";
import {
  announceUrl,
  carryTorrent,
  createTorrent,
  startTracker,
  stopPeer,
} from "../sharing_steps.ts";
import { executableTest } from "./executable_test_case.ts";
import { readSystemCalls, tracedHost } from "./traced_host.ts";

const NAME = "sample.bin";
const LENGTH = 3 * 1024 * 1024 + 4321;

/** The paths outside `folder`. */
function outside(paths: Iterable<string>, folder: string): string[] {
  return [...paths].filter((path) => !`${path}/`.startsWith(`${folder}/`));
}

Deno.test("readSystemCalls() finds programs, written paths and addresses", () => {
  const { executed, changed, contacted } = readSystemCalls([
    'execve("./peer", ["./peer", "x"], 0x7ffd /* 1 var */) = 0',
    'openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 9',
    'openat(AT_FDCWD, "dir/file", O_RDWR|O_CREAT|O_CLOEXEC, 0666) = 9',
    'rename("/tmp/a.tmp", "/tmp/a") = 0',
    'unlinkat(AT_FDCWD, "/tmp/b", 0) = 0',
    'mkdirat(7, "new", 0777) = 0',
    "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 9",
    'connect(9, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("10.0.0.1")}, 16) = 0',
    'sendto(9, "\\1", 1, 0, {sa_family=AF_INET6, sin6_port=htons(53), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "fd00::1", &sin6_addr), sin6_scope_id=0}, 28) = 1',
    'sendto(9, "GET /"..., 512, MSG_NOSIGNAL, NULL, 0) = 512',
    'connect(9, {sa_family=AF_UNIX, sun_path="/run/nscd"}, 110) = -1 ENOENT',
    "+++ exited with 0 +++",
  ], "/work");
  assertEquals([...executed], ["/work/peer"]);
  assertEquals([...changed], [
    ...["/work/dir/file", "/tmp/a.tmp", "/tmp/a", "/tmp/b"],
    'mkdirat(7, "new", 0777) = 0',
  ]);
  assertEquals([...contacted], [
    ...["10.0.0.1:80", "[fd00::1]:53"],
    'connect(9, {sa_family=AF_UNIX, sun_path="/run/nscd"}, 110) = -1 ENOENT',
  ]);
});

/** Local service discovery. [BEP 14] */
const DISCOVERY_GROUPS = ["239.192.152.143:6771", "[ff15::efc0:988f]:6771"];

executableTest(
  "executables write only to their folders and that of the user's secret, and connect only to their swarm",
  async (executables) => {
    await using lan = await createLan(["tracker", "seeder", "leecher"]);
    const tracker = await tracedHost(lan.host("tracker"), executables);
    const seeder = await tracedHost(lan.host("seeder"), executables);
    const leecher = await tracedHost(lan.host("leecher"), executables);

    // The folders above it are made too.
    const stateOf = (name: "seeder" | "leecher"): string =>
      lan.host(name).path("home");
    const trackerProgram = await startTracker(tracker);
    await writeRandomFile(seeder.path(NAME), LENGTH);
    const torrent = await createTorrent(seeder, NAME, announceUrl(tracker));
    await carryTorrent(torrent, leecher);
    const seederPeer = startPeer(seeder);
    const fetched = await leecher.run("peer", [
      ...[TORRENT_NAME, "--dir", "../content", "--exit-when-complete"],
    ]);
    assertEquals([fetched.code, fetched.stderr], [0, ""]);
    const content = lan.host("leecher").path("content");
    const copy = await sha256Of(`${content}/${NAME}`);
    assertEquals(copy, await sha256Of(seeder.path(NAME)));
    await stopPeer(seederPeer);
    assertEquals((await trackerProgram.stop("SIGTERM")).code, 0);

    const ofTracker = await tracker.systemCalls();
    assertEquals([...ofTracker.executed], [tracker.path("tracker")]);
    assertEquals([...ofTracker.changed], []);
    assertEquals([...ofTracker.contacted], []);

    const ofSeeder = await seeder.systemCalls();
    assertEquals([...ofSeeder.executed], [seeder.path("peer")]);
    assertEquals(ofSeeder.changed.has(seeder.path(TORRENT_NAME)), true);
    const written = outside(ofSeeder.changed, seeder.folder);
    assertEquals(outside(written, stateOf("seeder")), []);

    const ofLeecher = await leecher.systemCalls();
    assertEquals([...ofLeecher.executed], [leecher.path("peer")]);
    assertEquals(ofLeecher.changed.has(`${content}/${NAME}`), true);
    const stored = outside(ofLeecher.changed, content);
    assertEquals(outside(stored, stateOf("leecher")), []);

    const trackerAddress = `${tracker.address}:8000`;
    // Either of two peers may connect to the other.
    for (
      const [{ contacted }, other, groups] of [
        // It was started with --no-discovery.
        [ofSeeder, leecher, []],
        [ofLeecher, seeder, DISCOVERY_GROUPS],
      ] as const
    ) {
      const swarm = new Set([
        ...[trackerAddress, `${other.address}:6881`],
        ...groups,
      ]);
      assertEquals([...contacted].filter((party) => !swarm.has(party)), []);
      assertEquals(contacted.has(trackerAddress), true);
    }

    for (const name of ["tracker", "seeder", "leecher"] as const) {
      const home = await listing(lan.host(name).path("home"));
      const secret = ".local/state/lanswarm/record.key";
      assertEquals(home, name === "tracker" ? [] : [secret]);
      assertEquals(await listing(lan.host(name).path("temporary")), []);
    }
  },
  { missing: await missingProgram("strace") },
);
