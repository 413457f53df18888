/**
 * The entry of `peer`: listens for signals, then loads the program.
 *
 * @module
 */
import { startProgram } from "../start_program.ts";

await startProgram(async () => (await import("../peer.ts")).peer);
