/**
 * Permissions that are revoked while a peer is running, and restored.
 */
import { assertEquals, assertLess, assertMatch } from "@std/assert";
import type { ExecutablePaths } from "../../scripts/compile/targets.ts";
import { bareHost, NOBODY } from "../../scripts/lan/executable_host.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import {
  type SharedTorrent,
  startPeer,
} from "../../scripts/lan/sharing_steps.ts";
import {
  announceUrl,
  carryTorrent,
  createTorrent,
  startTracker,
  stopPeer,
} from "../sharing_steps.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { executableTest } from "./executable_test_case.ts";

const NAME = "many";
/** More files than a peer holds open. */
const FILE_COUNT = 150;
const FILE_LENGTH = 100_000;
const LENGTH = FILE_COUNT * FILE_LENGTH;

function fileNames(): string[] {
  return Array.from({ length: FILE_COUNT }, (_, index) => `${index}`);
}

async function ordinaryHost(
  host: Host,
  executables: ExecutablePaths,
): Promise<Host> {
  const programs = ["tracker", "peer"] as const;
  return await bareHost(host, { executables, programs, user: NOBODY });
}

/** Creates a torrent of many files on a host, which is its tracker too. */
async function publishFolder(host: Host): Promise<SharedTorrent> {
  await startTracker(host);
  await Deno.mkdir(host.path(NAME));
  for (const name of fileNames()) {
    await writeRandomFile(host.path(NAME, name), FILE_LENGTH);
  }
  await Deno.chown(host.path(NAME), NOBODY, NOBODY);
  for (const name of fileNames()) {
    await Deno.chown(host.path(NAME, name), NOBODY, NOBODY);
  }
  return await createTorrent(host, NAME, announceUrl(host));
}

async function assertSame(one: Host, other: Host): Promise<void> {
  for (const name of fileNames()) {
    const copy = await sha256Of(other.path(NAME, name));
    assertEquals(copy, await sha256Of(one.path(NAME, name)), name);
  }
}

executableTest(
  "a leecher that may no longer write reports it and ends, and continues when it may again",
  async (executables) => {
    await using lan = await createLan(["seeder", "leecher"]);
    const seeder = await ordinaryHost(lan.host("seeder"), executables);
    const torrent = await publishFolder(seeder);
    startPeer(seeder);
    const leecher = await ordinaryHost(lan.host("leecher"), executables);
    await carryTorrent(torrent, leecher);

    const first = startPeer(leecher, ["--max-download=2MiB"]);
    await first.stdout.waitFor(/"type":"pieceVerified"/);
    const { infoHash } = torrent;
    const parts = leecher.path(".lanswarm", "parts", infoHash);
    await Deno.chmod(parts, 0o555);
    const { code, stderr } = await first.ended();
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^error: cannot \S+( for writing)? \S+\/\d+: permission denied; choose another folder or change its permissions\n$/,
    );

    await Deno.chmod(parts, 0o755);
    const second = await startPeer(leecher, ["--exit-when-complete"]).ended();
    assertEquals([second.code, second.stderr], [0, ""]);
    const found = /"type":"verified".*"verified":(\d+)/.exec(second.stdout)![1];
    assertLess(0, Number(found));
    assertLess(Number(found), LENGTH);
    await assertSame(seeder, leecher);
  },
);

executableTest(
  "a seeder that may no longer read reports it and ends, and seeds when it may again",
  async (executables) => {
    await using lan = await createLan(["seeder", "leecher"]);
    const seeder = await ordinaryHost(lan.host("seeder"), executables);
    const torrent = await publishFolder(seeder);
    const first = startPeer(seeder);
    await first.stdout.waitFor(/"type":"verified"/);
    const modes = async (mode: number): Promise<void> => {
      for (const name of fileNames()) {
        await Deno.chmod(seeder.path(NAME, name), mode);
      }
    };
    await modes(0);
    const leecher = await ordinaryHost(lan.host("leecher"), executables);
    await carryTorrent(torrent, leecher);
    const fetching = startPeer(leecher, ["--exit-when-complete"]);
    const { code, stderr } = await first.ended();
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^error: cannot open many\/\d+: permission denied; choose another folder or change its permissions\n$/,
    );

    await modes(0o644);
    const second = startPeer(seeder);
    assertEquals((await fetching.ended()).code, 0);
    await assertSame(seeder, leecher);
    await stopPeer(second);
  },
);
