/**
 * The entry of `tracker`, which listens for signals before it loads the program, for the
 * reason that `lanswarm.ts` has.
 */
import { listenForInterrupt } from "../interrupt.ts";

const interrupt = listenForInterrupt();
const { runProgram } = await import("../program.ts");
const { tracker } = await import("../tracker.ts");
Deno.exit(await runProgram(tracker, { interrupt }));
