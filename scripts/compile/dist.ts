/**
 * Where what is built goes.
 *
 * @module
 */
import { join } from "@std/path";
import { REPOSITORY } from "../repository.ts";

/** The folder of all that is built; not in version control. */
export const DIST: string = join(REPOSITORY, "dist");
