/**
 * The entry of `lanswarm`: listens for signals, then loads the program that the
 * first argument names. Loading takes several times as long as to get here, and a
 * signal that arrives meanwhile must not kill the process.
 */
import { listenForInterrupt } from "../interrupt.ts";

const interrupt = listenForInterrupt();
const { runProgram } = await import("../program.ts");
const { lanswarm } = await import("../lanswarm.ts");
Deno.exit(await runProgram(lanswarm, { interrupt }));
