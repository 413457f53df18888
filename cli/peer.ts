/**
 * The program `peer`. `peer create`, `peer show` and `peer verify` are those programs,
 * so that a machine needs one executable beside the tracker. Only the modules of the
 * one that runs are loaded.
 */
import type { Program } from "./program.ts";
import { UsageError } from "./program_error.ts";

const COMMANDS: ReadonlyMap<string, () => Promise<Program>> = new Map([
  ["create", async () => (await import("./create.ts")).create],
  ["show", async () => (await import("./show.ts")).show],
  ["verify", async () => (await import("./verify.ts")).verify],
]);

export const peer: Program = async (args) => {
  const [command = "", ...rest] = args;
  const program = await COMMANDS.get(command)?.();
  if (program !== undefined) return program(rest);
  if (/^[a-z]+$/.test(command)) await requireFile(command);
  const { parsePeerJob } = await import("./peer_job.ts");
  const job = parsePeerJob(args);
  const { runPeer } = await import("./run_peer.ts");
  return (context) => runPeer(job, context);
};

/** @throws {UsageError} If a word is no file, and nearly a command. */
async function requireFile(word: string): Promise<void> {
  if (await Deno.lstat(word).then(() => true, () => false)) return;
  const { nearestChoice } = await import("./suggestion.ts");
  const unknown = { word, choices: [...COMMANDS.keys()] };
  if (nearestChoice(unknown) === undefined) return;
  throw new UsageError(`there is no command or file ${word}`, { unknown });
}
