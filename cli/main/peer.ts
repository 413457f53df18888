/**
 * The entry of `peer`, which listens for signals before it loads the program, for the
 * reason that `lanswarm.ts` has.
 */
import { listenForInterrupt } from "../interrupt.ts";

const interrupt = listenForInterrupt();
const { runProgram } = await import("../program.ts");
const { peer } = await import("../peer.ts");
Deno.exit(await runProgram(peer, { interrupt }));
