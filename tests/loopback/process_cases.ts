/**
 * Tests of programs as processes, started by Deno or as executables.
 * Its output, its signals and its exit codes.
 */
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import {
  announce,
  createAnnounceKey,
  createPeerId,
  infoHashFromHex,
} from "../../lib/mod.ts";
import {
  type RunningProgram,
  startProgram,
} from "../../scripts/programs/running_program.ts";
import { freePort, untilListening } from "./machine.ts";
import {
  assertCopied,
  LOCAL_FLAGS as LOCAL,
  LocalSwarm,
} from "./local_swarm.ts";
import { timed } from "./share.ts";

/** The words that start a program. */
export type CommandOf = (program: "tracker" | "peer") => readonly string[];

export interface ProcessCase {
  readonly name: string;
  readonly fn: (commandOf: CommandOf) => Promise<void>;
  /** True if it needs the rights of root. @default {false} */
  readonly needsRoot?: boolean;
}

/** Two seconds, and what a machine under load adds; Docker kills after ten. */
const LONGEST_LEAVE_MS = 10_000;

/** Starts a program by a line of sh, in which `"$@"` is its command. */
function startIn(line: string, ...command: readonly string[]): RunningProgram {
  return startProgram("sh", ["sh", "-c", line, "sh", ...command]);
}

function start(...command: readonly string[]): RunningProgram {
  return startIn('exec "$@"', ...command);
}

/** Sends a signal to the process that runs as process 1 of its own namespace. */
async function signalProcess1(
  unshare: RunningProgram,
  signal: Deno.Signal,
): Promise<void> {
  // Tests have no permission for /proc and for processes of others.
  const { pid } = unshare;
  const line = `kill -s ${
    signal.slice(3)
  } $(cat /proc/${pid}/task/${pid}/children)`;
  assertEquals((await startIn(line).ended()).code, 0);
}

const AS_PROCESS_1 = 'exec unshare --pid --fork --mount-proc "$@"';

export const PROCESS_CASES: readonly ProcessCase[] = [
  {
    name:
      "a tracker whose output nobody reads answers all, and ends on SIGTERM",
    fn: async (commandOf) => {
      const port = freePort();
      const process = new Deno.Command("sh", {
        args: [
          ...["-c", 'exec "$@"', "sh", ...commandOf("tracker")],
          ...[String(port), "--host=127.0.0.1", "--log"],
        ],
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const url = `http://127.0.0.1:${port}/announce`;
      const request = {
        infoHash: infoHashFromHex("ab".repeat(20)),
        key: createAnnounceKey(Math.random),
        event: "started",
        uploaded: 0,
        downloaded: 0,
        left: 1,
        numwant: 1,
      } as const;
      for (let attempt = 0;; attempt++) {
        const isUp = await fetch(url).then((reply) => reply.text())
          .then(() => true, () => false);
        if (isUp) break;
        assertLess(attempt, 600);
        await delay(100);
      }
      // 100 bytes and more a line: a pipe holds 65,536.
      for (let peer = 0; peer < 1500; peer++) {
        const identity = {
          peerId: createPeerId(Math.random),
          port: 1024 + peer,
        };
        await announce(url, { ...request, ...identity });
      }
      process.kill("SIGTERM");
      const elapsedMs = await timed(async () => {
        assertEquals((await process.status).code, 0);
      });
      assertLess(elapsedMs, LONGEST_LEAVE_MS);
      await Promise.all([process.stdout.cancel(), process.stderr.cancel()]);
    },
  },
  {
    name: "a peer whose output is refused downloads and ends with 0",
    fn: async (commandOf) => {
      await using swarm = await LocalSwarm.open();
      const shared = await swarm.seed("a.bin", { files: { "": 300_000 } });
      const dir = join(swarm.folder, "copy");
      await using peer = startIn(
        'exec "$@" >/dev/full 2>/dev/full',
        ...commandOf("peer"),
        ...[shared.path, "--dir", dir, "--exit-when-complete", ...LOCAL],
      );
      assertEquals((await peer.ended()).code, 0);
      await assertCopied(shared, dir);
    },
  },
  {
    name:
      "show waits for a slow reader until a signal; it ends with 1 if refused",
    fn: async (commandOf) => {
      await using swarm = await LocalSwarm.open();
      // A pipe holds 65,536 bytes.
      const names = Array.from(
        { length: 1500 },
        (_, index) => `a file with a name of some length, number ${index}`,
      );
      const { path } = await swarm.publish("many", {
        files: Object.fromEntries(names.map((name) => [name, 1])),
      });
      const show = [...commandOf("peer"), "show", path];
      await using slow = startIn('"$@" | (sleep 2; cat)', ...show);
      const { stdout } = await slow.ended();
      assertEquals(stdout.match(/, number \d+ \(1 B\)/g)?.length, 1500);
      await using paged = startIn(
        `cd '${swarm.folder}'; mkfifo f; sleep 30 <f 2>&- >&- & exec "$@" >f`,
        ...show,
      );
      await untilListening(paged);
      // Longer than the second that lines for people are given.
      await delay(3_000);
      const interrupted = await paged.stop("SIGTERM");
      assertEquals(interrupted.code, 4);
      assertMatch(interrupted.stderr, /: its reader has stopped reading; read/);
      await using refused = startIn('exec "$@" >/dev/full', ...show);
      const { code, stderr } = await refused.ended();
      assertEquals(code, 1);
      assertMatch(stderr, /^error: cannot write all results to stdout: No sp/);
    },
  },
  {
    name: "SIGHUP ends no program without a terminal, unless --on-hangup end",
    fn: async (commandOf) => {
      await using swarm = await LocalSwarm.open();
      const shared = await swarm.publish("a.bin", { files: { "": 9 } });
      const seed = [
        ...[...commandOf("peer"), shared.path, "--dir", shared.source],
        ...LOCAL,
      ];
      for (
        const [ending, command] of [
          [/seeding/, seed],
          [/^announce/, [...commandOf("tracker"), "0", "--host=127.0.0.1"]],
        ] as const
      ) {
        await using stays = startIn('trap "" HUP; exec "$@"', ...command);
        let hasEnded = false;
        void stays.result.then(() => hasEnded = true);
        await stays.stdout.waitFor(ending);
        stays.signal("SIGHUP");
        await delay(500);
        assert(!hasEnded);
        assertEquals((await stays.stop("SIGTERM")).code, 0);

        await using ends = start(...command, "--on-hangup", "end");
        await ends.stdout.waitFor(ending);
        assertEquals((await ends.stop("SIGHUP")).code, 0);
      }
    },
  },
  {
    name:
      "an incomplete peer ends with 4: after SIGTERM, and by its time limits",
    fn: async (commandOf) => {
      await using swarm = await LocalSwarm.open();
      const shared = await swarm.publish("a.bin", { files: { "": 99 } });
      const peer = [
        ...[...commandOf("peer"), shared.path, ...LOCAL],
        ...["--dir", join(swarm.folder, "copy")],
      ];
      await using stopped = start(...peer, "--exit-when-complete");
      await stopped.stdout.waitFor(/nothing on the disk yet/);
      const { code, stderr } = await stopped.stop("SIGTERM");
      assertEquals(
        [code, stderr],
        [4, "error: cannot finish: interrupted; run again\n"],
      );
      for (
        const [flag, reason] of [
          [
            "--timeout",
            /^error: cannot finish: --timeout of 1s is over; run/,
          ],
          [
            "--give-up-after",
            /^error: cannot finish: nothing has arrived for 1s/,
          ],
        ] as const
      ) {
        await using limited = start(...peer, flag, "1s");
        const { code, stderr } = await limited.ended();
        assertEquals(code, 4);
        assertMatch(stderr, reason);
      }
    },
  },
  {
    name: "a seeder that no limit of time finds incomplete ends with 0",
    fn: async (commandOf) => {
      await using swarm = await LocalSwarm.open();
      const shared = await swarm.publish("a.bin", { files: { "": 99 } });
      await using seeder = start(
        ...[...commandOf("peer"), shared.path, "--dir", shared.source],
        ...[...LOCAL, "--give-up-after", "1s", "--timeout", "8s"],
      );
      await seeder.stdout.waitFor(/seeding/);
      const elapsedMs = await timed(async () => {
        assertEquals((await seeder.ended()).code, 0);
      });
      // It was not given up, although nothing arrived.
      assertLess(2_000, elapsedMs);
    },
  },
  {
    name: "process 1 ends soon after SIGTERM while a torrent URL is silent",
    needsRoot: true,
    fn: async (commandOf) => {
      using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const url = `http://127.0.0.1:${silent.addr.port}/a.torrent`;
      for (
        const [flags, expected] of [
          [[], 0],
          [["--exit-when-complete"], 4],
        ] as const
      ) {
        await using peer = startIn(
          AS_PROCESS_1,
          ...[...commandOf("peer"), url, ...LOCAL, ...flags],
        );
        using _asked = await silent.accept();
        const elapsedMs = await timed(async () => {
          await signalProcess1(peer, "SIGTERM");
          assertEquals((await peer.ended()).code, expected);
        });
        assertLess(elapsedMs, LONGEST_LEAVE_MS);
      }
    },
  },
  {
    name: "process 1 announces stopped and ends soon after SIGTERM",
    needsRoot: true,
    fn: async (commandOf) => {
      await using swarm = await LocalSwarm.open();
      const shared = await swarm.publish("a.bin", { files: { "": 99 } });
      await using seeder = startIn(
        AS_PROCESS_1,
        ...[...commandOf("peer"), shared.path, "--dir", shared.source],
        ...LOCAL,
      );
      await seeder.stdout.waitFor(/tracker \S+ answers/);
      await swarm.untilCounts(shared, [1, 0]);
      const elapsedMs = await timed(async () => {
        await signalProcess1(seeder, "SIGTERM");
        assertEquals((await seeder.ended()).code, 0);
      });
      assertLess(elapsedMs, LONGEST_LEAVE_MS);
      await swarm.untilCounts(shared, [0, 0]);
    },
  },
];
