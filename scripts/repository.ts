/**
 * Where the repository is.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";

/** The repository's folder, with a slash at its end. */
export const REPOSITORY: string = fromFileUrl(
  new URL("../", import.meta.url),
);
