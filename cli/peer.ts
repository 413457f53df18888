/**
 * The program `peer`. `peer create`, `peer show` and `peer verify` are those programs,
 * so that a machine needs one executable beside the tracker. Only the modules of the
 * one that runs are loaded.
 *
 * @module
 */
import type { Program } from "./program.ts";

export const peer: Program = async (args) => {
  const [command, ...rest] = args;
  switch (command) {
    case "create":
      return (await import("./create.ts")).create(rest);
    case "show":
      return (await import("./show.ts")).show(rest);
    case "verify":
      return (await import("./verify.ts")).verify(rest);
  }
  const { parsePeerJob } = await import("./peer_job.ts");
  const job = parsePeerJob(args);
  const { runPeer } = await import("./run_peer.ts");
  return (context) => runPeer(job, context);
};
