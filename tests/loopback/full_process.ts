/**
 * Runs the command of `--on-complete` in a process that has no file descriptor left
 * until the holders of some are asked to close them.
 *
 * Usage: full_process.ts COMMAND...
 */
import { CompletionCommands } from "../../cli/on_complete.ts";
import { FdPressure } from "../../mod.ts";
import { TORRENT } from "../core/cli/snapshots.ts";

const fdPressure = new FdPressure();
const files: Deno.FsFile[] = [];
fdPressure.onShortage(() => files.splice(0, 3).forEach((file) => file.close()));
try {
  for (;;) files.push(Deno.openSync(Deno.execPath()));
} catch {
  // None is left.
}
const commands = new CompletionCommands(TORRENT, {
  job: { dir: ".", json: false, onComplete: Deno.args, onFile: undefined },
  context: {
    console: {
      suspendBlock: () => Promise.resolve({ [Symbol.dispose]: () => {} }),
    },
  },
  session: { fdPressure },
  signal: new AbortController().signal,
  onFailed: (error) => {
    throw error;
  },
});
await commands.run();
