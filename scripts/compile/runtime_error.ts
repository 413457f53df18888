/**
 * Why no executable comes about.
 *
 * @module
 */
import { ProgramError } from "../../cli/program_error.ts";

/** There is no `denort` to be had for a target; the message is one line. */
export class ExecutablesUnavailableError extends ProgramError {
  override readonly name = "ExecutablesUnavailableError";
}

/** A `denort` is not the one expected, or its compiler fails. */
export class RuntimeError extends ProgramError {
  override readonly name = "RuntimeError";
}
