/**
 * The entry of `tracker`: listens for signals, then loads the program. Loading takes
 * several times as long as to get here, and a signal that arrives meanwhile must
 * not kill the process.
 *
 * @module
 */
import { listenForInterrupt } from "../interrupt.ts";

const interrupt = listenForInterrupt();
const { runProgram } = await import("../program.ts");
const { tracker } = await import("../tracker.ts");
Deno.exit(await runProgram(tracker, { interrupt }));
