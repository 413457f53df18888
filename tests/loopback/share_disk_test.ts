/**
 * share and get on media that cannot be written, are too small, or hold what
 * another user planted there. Mounts need root.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { basename, join } from "@std/path";
import {
  type RunningProgram,
  startProgram,
} from "../../scripts/programs/running_program.ts";
import { sha256Of } from "../../scripts/programs/sample_file.ts";
import {
  runTask,
  spawnTask,
  taskArguments,
} from "../../scripts/programs/tasks.ts";
import { testUnless } from "../test_unless.ts";
import { freePort } from "./machine.ts";
import { makeContent } from "./memory_torrent.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const LOCAL = ["--host", "127.0.0.1", "--no-discovery"];
const needsRoot = Deno.uid() === 0 ? undefined : "mounts need root";

/** Starts a program in a mount namespace after a line of sh, whose `$1` is a folder. */
function startMounted(
  line: string,
  folder: string,
  name: "share" | "get",
  args: readonly string[],
): RunningProgram {
  const command = [Deno.execPath(), ...taskArguments(name), ...args];
  return startProgram(name, [
    ...["unshare", "--mount", "sh", "-c"],
    `set -e; ${line}; shift; exec "$@"`,
    ...["sh", folder, ...command],
  ]);
}

function shareFlags(port: number): string[] {
  return ["--port", `${port}`, "--peer-port", "0", ...LOCAL];
}

testUnless(
  needsRoot,
  "a read-only source is shared, with a warning",
  async () => {
    await using folder = await temporaryFolder();
    const source = join(folder.path, "source");
    await Deno.mkdir(source);
    const file = join(source, "a.bin");
    await Deno.writeFile(file, makeContent("a", 300_000));
    const other = join(source, "b.bin");
    await Deno.writeFile(other, makeContent("b", 1_000));
    const port = freePort();
    await using share = startMounted(
      'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"',
      source,
      "share",
      [file, other, ...shareFlags(port)],
    );
    await share.stdout.waitFor(/^b\.bin is ready/);
    const copies = join(folder.path, "copies");
    const { code } = await runTask("get", [
      ...[
        `http://127.0.0.1:${port}/torrents/a.bin.torrent`,
        "--dir",
        copies,
        "--port",
        "0",
        ...LOCAL,
      ],
      "--exit-when-complete",
    ]);
    assertEquals(code, 0);
    assertEquals(await sha256Of(join(copies, "a.bin")), await sha256Of(file));
    const { stderr } = await share.stop("SIGTERM");
    // Once for both shares.
    assertEquals(
      stderr.match(/^warning: nothing can be written in .*$/gm),
      [
        `warning: nothing can be written in ${source}: the next share hashes everything again; pause, resume and limit need LANSWARM_TOKEN here`,
      ],
    );
    assertEquals(
      [...Deno.readDirSync(source)].map(({ name }) => name).sort(),
      ["a.bin", "b.bin"],
    );
  },
);

testUnless(
  needsRoot,
  "get says before the first byte what the disk lacks, unless --ignore-space",
  async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "a.bin");
    await Deno.writeFile(file, makeContent("a", 4 * 2 ** 20));
    const small = join(folder.path, "small");
    await Deno.mkdir(small);
    const port = freePort();
    await using share = spawnTask("share", [file, ...shareFlags(port)]);
    await share.stdout.waitFor(/is ready/);
    const args = [`127.0.0.1:${port}`, "--dir", small, "--port", "0", ...LOCAL];
    const tmpfs = 'mount -t tmpfs -o size=1m none "$1"';
    await using refused = startMounted(tmpfs, small, "get", args);
    const { code, stderr } = await refused.ended();
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^error: cannot fetch a\.bin: it needs 4 MiB, \S+ [KM]iB free on \S+small; make room, .* --ignore-space$/m,
    );
    await using brave = startMounted(tmpfs, small, "get", [
      ...[...args, "--ignore-space"],
    ]);
    const full = await brave.ended();
    assertEquals(full.code, 1);
    assertMatch(full.stderr, /the disk is full/);
    await using sealed = startMounted(
      `${tmpfs}; mount -o remount,ro "$1"`,
      small,
      "get",
      args,
    );
    const readOnly = await sealed.ended();
    assertEquals(readOnly.code, 1);
    assertMatch(
      readOnly.stderr,
      /^error: cannot (write to|store|use) \S*small/m,
    );
  },
);

Deno.test("a saved torrent that another user planted beside a source is not reused", async () => {
  await using folder = await temporaryFolder();
  const [own, foreign] = ["own", "foreign"].map((name) =>
    join(folder.path, name)
  );
  for (const [dir, seed] of [[own!, "a"], [foreign!, "b"]] as const) {
    await Deno.mkdir(dir);
    await Deno.writeFile(join(dir, "a.bin"), makeContent(seed, 300_000));
    const time = new Date(1_700_000_000_000);
    await Deno.utime(join(dir, "a.bin"), time, time);
  }
  const states = {
    env: { STATE_DIRECTORY: join(folder.path, "foreign-state") },
  };
  {
    await using share = spawnTask(
      "share",
      [join(foreign!, "a.bin"), ...shareFlags(freePort())],
      states,
    );
    await share.stdout.waitFor(/is ready/);
    await share.stop();
  }
  const saved = join(foreign!, ".lanswarm");
  await Deno.mkdir(join(own!, ".lanswarm"));
  for await (const { name } of Deno.readDir(saved)) {
    await Deno.copyFile(
      join(saved, name),
      join(own!, ".lanswarm", basename(name)),
    );
  }
  await using share = spawnTask("share", [
    ...[join(own!, "a.bin"), "--json", ...shareFlags(freePort())],
  ]);
  const ready = await share.stdout.waitFor(/"ready"/);
  assertEquals(JSON.parse(ready.input!).hashed, true);
});
