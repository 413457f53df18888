/**
 * The entry of `create`: listens for signals, then loads the program.
 *
 * @module
 */
import { startProgram } from "../start_program.ts";

await startProgram(async () => (await import("../create.ts")).create);
