/**
 * The location of the repository.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";

/** The repository's folder, with a trailing slash. */
export const REPOSITORY: string = fromFileUrl(
  new URL("../", import.meta.url),
);
