/**
 * `@std/path`, for the system that this is. The import map points here, as the
 * package's own choice of the system loads `process`: 20 ms of CPU.
 *
 * @module
 */
import * as posix from "@std/path/posix";
import * as windows from "@std/path/windows";

/** The functions of one system. */
type Path = typeof posix;

const path: Path = Deno.build.os === "windows" ? windows : posix;

export const basename: Path["basename"] = path.basename;
export const dirname: Path["dirname"] = path.dirname;
export const fromFileUrl: Path["fromFileUrl"] = path.fromFileUrl;
export const isAbsolute: Path["isAbsolute"] = path.isAbsolute;
export const join: Path["join"] = path.join;
export const relative: Path["relative"] = path.relative;
export const resolve: Path["resolve"] = path.resolve;
export const SEPARATOR: Path["SEPARATOR"] = path.SEPARATOR;
export const toFileUrl: Path["toFileUrl"] = path.toFileUrl;
