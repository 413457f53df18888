/**
 * The entry of `peer`: listens for signals, then loads the program. Loading takes
 * several times as long as to get here, and a signal that arrives meanwhile must
 * not kill the process.
 *
 * @module
 */
import { listenForInterrupt } from "../interrupt.ts";

const interrupt = listenForInterrupt();
const { runProgram } = await import("../program.ts");
const { peer } = await import("../peer.ts");
Deno.exit(await runProgram(peer, { interrupt }));
