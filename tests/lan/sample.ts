/**
 * The sample file of a host, its torrent, and its copies on other hosts.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Host } from "../../scripts/lan/host.ts";
import type { SharedTorrent } from "../../scripts/lan/sharing_steps.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { createTorrent } from "../sharing_steps.ts";

/** The name of the file. */
export const SAMPLE = "sample.bin";
/** An announce URL of a host that does not exist. */
export const NO_TRACKER = "http://10.77.0.77:8000/announce";

/** Options for {@linkcode shareSample}. */
export interface SampleOptions {
  /** @default {NO_TRACKER} */
  readonly announce?: string;
  /** Of the file, in bytes. @default {300_000} */
  readonly length?: number;
  /** Further flags of `create`. @default {[]} */
  readonly flags?: readonly string[];
}

/** Writes a fresh sample on a host and creates its torrent. */
export async function shareSample(
  seeder: Host,
  options: SampleOptions = {},
): Promise<SharedTorrent> {
  const { announce = NO_TRACKER, length = 300_000, flags = [] } = options;
  await writeRandomFile(seeder.path(SAMPLE), length);
  return await createTorrent(seeder, SAMPLE, announce, flags);
}

/** Asserts that two hosts hold the same file. @param name Its path in their folders. */
export async function assertCopied(
  from: Host,
  to: Host,
  name = SAMPLE,
): Promise<void> {
  const copy = await sha256Of(to.path(name));
  assertEquals(copy, await sha256Of(from.path(name)), to.name);
}
