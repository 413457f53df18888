/**
 * The program `peer`: downloads and shares torrents. As `peer create` and `peer
 * show` it is those programs too, so that one executable does everything that a
 * machine needs beside the tracker.
 *
 * @module
 */
import { create } from "./create.ts";
import { parsePeerJob, type PeerJob } from "./peer_job.ts";
import { runPeer } from "./peer_run.ts";
import type { JobContext, Program } from "./program.ts";
import type { ExitCode } from "./program_error.ts";
import { show } from "./show.ts";

/** `peer` without its parts. */
export const share: Program<PeerJob> = { parse: parsePeerJob, run: runPeer };

/** A job of one of the three programs. */
export type PeerProgramJob = (context: JobContext) => Promise<ExitCode>;

/** The program `peer`. */
export const peer: Program<PeerProgramJob> = {
  parse: (args) => {
    const [command, ...rest] = args;
    switch (command) {
      case "create":
        return bind(create, rest);
      case "show":
        return bind(show, rest);
      default:
        return bind(share, args);
    }
  },
  run: (job, context) => job(context),
};

function bind<Job>(
  { parse, run }: Program<Job>,
  args: readonly string[],
): PeerProgramJob {
  const job = parse(args);
  return (context) => run(job, context);
}
