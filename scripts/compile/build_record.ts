/**
 * What was built of what: kept beside the executables, so that nothing is built
 * twice.
 *
 * @module
 */
import { join } from "@std/path";
import type { BaseRuntime } from "./base_runtime.ts";
import {
  type Checksum,
  CHECKSUMS_FILE_NAME,
  formatChecksums,
} from "./checksums.ts";
import { DIST } from "./dist.ts";
import { sha256 } from "./sha256.ts";

/** An executable that was built. */
export interface BuildRecord {
  /** Of the inputs, as `hashInputs()` gives it. */
  readonly inputs: string;
  readonly runtime: Pick<BaseRuntime, "source" | "version" | "identity">;
  /** Of the file, in bytes. */
  readonly length: number;
  /** Of the file, in milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Of the file, in hex. */
  readonly sha256: string;
}

/** What was built, by file name. */
export type BuildRecords = Readonly<Record<string, BuildRecord>>;

const PATH = join(DIST, ".built.json");

/** Reads what was built. Unreadable records are none: all is built again. */
export async function readRecords(): Promise<BuildRecords> {
  try {
    return JSON.parse(await Deno.readTextFile(PATH)) as BuildRecords;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** Writes what was built, and the checksums of those that are there. */
export async function writeRecords(records: BuildRecords): Promise<void> {
  const checksums: Checksum[] = [];
  for (const [fileName, record] of Object.entries(records)) {
    if (await isAsRecorded(join(DIST, fileName), record)) {
      checksums.push({ fileName, sha256: record.sha256 });
    }
  }
  await Deno.writeTextFile(PATH, `${JSON.stringify(records, null, 2)}\n`);
  await Deno.writeTextFile(
    join(DIST, CHECKSUMS_FILE_NAME),
    formatChecksums(checksums),
  );
}

/** What there is to record of a file that was just built. */
export async function measureFile(
  path: string,
): Promise<Pick<BuildRecord, "length" | "modifiedMs" | "sha256">> {
  const content = await Deno.readFile(path);
  const { mtime } = await Deno.stat(path);
  return {
    length: content.length,
    modifiedMs: mtime?.getTime() ?? 0,
    sha256: await sha256(content),
  };
}

/** Whether the file is still the one that was recorded. */
export async function isAsRecorded(
  path: string,
  record: BuildRecord,
): Promise<boolean> {
  try {
    const { size, mtime } = await Deno.stat(path);
    return size === record.length &&
      (mtime?.getTime() ?? 0) === record.modifiedMs;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
