/**
 * Permissions of the programs: those that their tasks grant, and those that remain
 * once the command line is known.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { RunningProgram } from "../../scripts/programs/running_program.ts";
import {
  type ProgramName,
  REPOSITORY,
  taskParts,
} from "../../scripts/programs/tasks.ts";
import { freePort } from "./machine.ts";
import { LocalSwarm, runPeer } from "./local_swarm.ts";
import { assertWhole, openLocalSession, Share } from "./share.ts";
import { listing } from "./temporary_folder.ts";

const PROBE = fromFileUrl(new URL("permission_probe.ts", import.meta.url));

/** A command reads a token, and sends it. */
const CONTROL_PERMISSIONS = [
  ...["-N", "-R", "--allow-sys=hostname,networkInterfaces"],
  "--allow-env=LANSWARM_TOKEN",
] as const;

/**
 * The permissions of each task. `-R` and `-W` cover any folder, because the user's is
 * not known in advance; `--allow-run` is for `--on-complete`, and `--allow-env`
 * for the user's state folder and the kind of terminal, `--allow-sys` for the
 * networks in which each IPv6 address is a host of its own.
 */
const TASK_PERMISSIONS = {
  tracker: ["-N", "-R", "-W", "--allow-sys=hostname,networkInterfaces"],
  peer: [
    ...["-N", "-R", "-W", "--allow-run", "--allow-sys=cpus,networkInterfaces"],
    "--allow-env=STATE_DIRECTORY,XDG_STATE_HOME,HOME,LOCALAPPDATA,TERM",
  ],
  share: [
    ...["-N", "-R", "-W", "--allow-sys=hostname,networkInterfaces"],
    "--allow-env=STATE_DIRECTORY,XDG_STATE_HOME,HOME,LOCALAPPDATA,TERM,LANSWARM_TOKEN",
  ],
  get: [
    ...["-N", "-R", "-W", "--allow-run"],
    "--allow-sys=cpus,hostname,networkInterfaces,statfs",
    "--allow-env=STATE_DIRECTORY,XDG_STATE_HOME,HOME,LOCALAPPDATA,TERM",
  ],
  // Permissions that all of its commands need.
  lanswarm: [
    ...["-N", "-R", "-W", "--allow-run"],
    "--allow-sys=cpus,hostname,networkInterfaces,statfs",
    "--allow-env=STATE_DIRECTORY,XDG_STATE_HOME,HOME,LOCALAPPDATA,TERM,LANSWARM_TOKEN",
  ],
  wait: ["-N", "--allow-sys=networkInterfaces"],
  pause: CONTROL_PERMISSIONS,
  resume: CONTROL_PERMISSIONS,
  limit: CONTROL_PERMISSIONS,
  create: ["-R", "-W", "--allow-env=TERM"],
  show: ["-N", "-R"],
  verify: ["-N", "-R", "-W", "--allow-env=TERM"],
} as const satisfies Partial<Record<ProgramName, readonly string[]>>;

Deno.test("the tasks grant no more permissions than the table contains", () => {
  for (const [name, permissions] of Object.entries(TASK_PERMISSIONS)) {
    const { flags } = taskParts(name as ProgramName);
    const asked = flags.filter((flag) =>
      !flag.startsWith("--v8-flags=") && flag !== "--unstable-net"
    );
    // Deno would ask on a terminal for a permission given up, and all work would wait.
    assertEquals(asked, ["--no-prompt", ...permissions], name);
  }
});

/** Starts a program that prints its permissions. */
function probe(
  name: keyof typeof TASK_PERMISSIONS,
  ...args: string[]
): RunningProgram {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-check", `--config=${REPOSITORY}deno.json`],
      ...[...taskParts(name).flags, PROBE, name, ...args],
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  return new RunningProgram(`${name} with a probe`, command.spawn());
}

/** Runs a program until it has exactly these permissions. */
async function assertKeeps(
  permissions: string,
  ...command: Parameters<typeof probe>
): Promise<void> {
  await using program = probe(...command);
  await program.stderr.waitFor(new RegExp(`^still has: ${permissions}$`));
}

Deno.test("tracker gives up the permissions that its flags do not need", async () => {
  await using swarm = await LocalSwarm.open();
  const at = ["0", "--host=127.0.0.1"];
  await assertKeeps("", "tracker", ...at);
  await assertKeeps("sys", "tracker", "0");
  await assertKeeps("net", "tracker", ...at, "--udp");
  await assertKeeps("read", "tracker", ...at, "--torrents", swarm.folder);
  const store = `sqlite:${join(swarm.folder, "store")}`;
  await assertKeeps("", "tracker", ...at, "--store", store);
});

Deno.test("peer gives up the permissions that its flags do not need", async () => {
  await using swarm = await LocalSwarm.open();
  const { path, source } = await swarm.publish("a.bin", { files: { "": 10 } });
  const sharing = [path, "--dir", source, "--host=127.0.0.1", "--port=0"];
  await assertKeeps("read write net sys", "peer", ...sharing);
  await assertKeeps(
    ...["read write net run sys", "peer", ...sharing] as const,
    "--on-complete=true",
  );
});

Deno.test("share gives up the permission to write once everything is hashed; get none that it needs", async () => {
  await using swarm = await LocalSwarm.open();
  const { source } = await swarm.publish("a.bin", { files: { "": 10 } });
  const local = ["--host=127.0.0.1", "--no-discovery"];
  await assertKeeps(
    ...["read net sys", "share", join(source, "a.bin")] as const,
    ...["--port=0", "--peer-port=0", ...local],
  );
  // While it waits for the machine, before anything is heard of it.
  const get = [`127.0.0.1:${freePort()}`, "--port=0", ...local];
  await assertKeeps("read write net sys", "get", ...get);
  await assertKeeps(
    ...["read write net run sys", "get", ...get] as const,
    "--on-complete=true",
  );
});

for (const change of ["its time", "its content"] as const) {
  Deno.test(`a pure seeder gives up the permission to write, and verifies a file again that changes ${change}`, async () => {
    await using swarm = await LocalSwarm.open();
    const { path, source, torrent } = await swarm.publish("a.bin", {
      files: { "": 10 },
    });
    await using program = probe(
      ...["peer", path, "--dir", source, "--host=127.0.0.1"] as const,
      ...["--port=0", "--seed-only", "--state", join(swarm.folder, "state")],
    );
    await program.stderr.waitFor(/^still has: read net sys$/);
    const file = join(source, "a.bin");
    const content = await Deno.readFile(file);
    const present = change === "its time" ? content : new Uint8Array(10);
    await Deno.writeFile(file, present);
    await Deno.utime(file, new Date(), new Date(Date.now() + 5_000));
    await using session = openLocalSession();
    const [, port] = await program.stdout.waitFor(/listening on port (\d+)/);
    const leecher = await Share.start(session, { torrent, content });
    leecher.transfer.addPeers([{ hostname: "127.0.0.1", port: Number(port) }]);
    await program.stderr.waitFor(
      /another program modified it; verifying it again/,
    );
    if (change === "its time") {
      await leecher.first("completed");
      await assertWhole(leecher, { torrent, content });
    } else {
      await program.stderr.waitFor(
        /^error: cannot seed a\.bin: 1 of its 1 pieces/,
      );
    }
    assertEquals(await Deno.readFile(file), present);
  });
}

Deno.test("a pure seeder that watches a folder gives up the permission to write, and shares what comes later", async () => {
  await using swarm = await LocalSwarm.open();
  const { path, source } = await swarm.publish("a.bin", { files: { "": 10 } });
  const watched = join(swarm.folder, "watched");
  await Deno.mkdir(watched);
  await using program = probe(
    ...["peer", "--watch", watched, "--dir", source, "--seed-only"] as const,
    ...["--host=127.0.0.1", "--port=0", "--no-discovery"],
    ...["--state", join(swarm.folder, "state")],
  );
  await program.stderr.waitFor(/^still has: read net sys$/);
  await Deno.copyFile(path, join(watched, "a.torrent"));
  await program.stdout.waitFor(/^a\.bin: .*seeding/);
  await Deno.remove(join(watched, "a.torrent"));
  await program.stdout.waitFor(/^a\.bin: let go/);
  // Neither a lock nor a record is written.
  assertEquals(await listing(source), ["a.bin"]);
});

Deno.test("a pure seeder downloads nothing: what is incomplete ends with 1", async () => {
  await using swarm = await LocalSwarm.open();
  const files = { "": 100_000 };
  const { path } = await swarm.seed("a.bin", { files });
  const dir = join(swarm.folder, "empty");
  await Deno.mkdir(dir);
  const { code, stderr } = await runPeer(path, "--dir", dir, "--seed-only");
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^error: cannot seed a\.bin: 2 of its 2 pieces are missing or wrong; run without --seed-only to fetch them$/m,
  );
  assertEquals(await listing(dir), []);
});

Deno.test("create and show give up the permissions that they do not need, as parts of peer too", async () => {
  await using swarm = await LocalSwarm.open();
  const { path, source } = await swarm.publish("a.bin", { files: { "": 10 } });
  const making = [
    ...[join(source, "a.bin"), "http://192.0.2.1:8000/announce"],
    ...[join(swarm.folder, "new.torrent"), "--force"],
  ];
  await assertKeeps("read write", "create", ...making);
  await assertKeeps("read write", "peer", "create", ...making);
  await assertKeeps("read", "show", path);
  await assertKeeps("read", "peer", "show", path);
  const url = new URL("/torrents/a.torrent", swarm.tracker.announceUrl).href;
  await assertKeeps("net", "show", url);
  await assertKeeps("net", "peer", "show", url);
});

Deno.test("wait gives up everything but the network and its addresses", async () => {
  await assertKeeps("net sys", "wait", "127.0.0.1:9", "--timeout", "1s");
});
