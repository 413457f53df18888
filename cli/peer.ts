/**
 * The program `peer`: downloads and shares torrents. As `peer create` and `peer
 * show` it is those programs too, so that one executable does everything that a
 * machine needs beside the tracker.
 *
 * @module
 */
import { create } from "./create.ts";
import type { CreateJob } from "./create_job.ts";
import { parsePeerJob, type PeerJob } from "./peer_job.ts";
import { runPeer } from "./peer_run.ts";
import { type Program, runProgram } from "./program.ts";
import { show, type ShowJob } from "./show.ts";

/** What one of the three programs is asked to do. */
export type PeerProgramJob =
  | { readonly type: "create"; readonly job: CreateJob }
  | { readonly type: "show"; readonly job: ShowJob }
  | { readonly type: "share"; readonly job: PeerJob };

/** The program `peer`. */
export const peer: Program<PeerProgramJob> = {
  parse: ([command, ...rest]) => {
    switch (command) {
      case "create":
        return { type: command, job: create.parse(rest) };
      case "show":
        return { type: command, job: show.parse(rest) };
      default:
        return {
          type: "share",
          job: parsePeerJob(command === undefined ? [] : [command, ...rest]),
        };
    }
  },
  run: async ({ type, job }, context) => {
    switch (type) {
      case "create":
        return await create.run(job, context);
      case "show":
        return await show.run(job, context);
      case "share":
        return await runPeer(job, context);
      default:
        return type satisfies never;
    }
  },
  handlesSignals: true,
};

if (import.meta.main) Deno.exit(await runProgram(peer));
