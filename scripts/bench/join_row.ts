/**
 * Row `join`: the time from the line that a machine with nothing installed runs to
 * the first verified piece, without the executable in its cache and with it.
 *
 * @module
 */
import { join as joinPath } from "@std/path";
import { findExecutables } from "../compile/targets.ts";
import { bareHost, busyboxHost } from "../lan/executable_host.ts";
import {
  CURL,
  joinShare,
  joinUnavailableReason,
  startShare,
} from "../lan/join_steps.ts";
import { createLan } from "../lan/lan.ts";
import { writeRandomFile } from "../programs/sample_file.ts";
import { executablesMissing, OURS } from "./contender.ts";
import {
  constantTarget,
  MEBIBYTE,
  type Participant,
  type Row,
  type RowOptions,
  type Values,
} from "./row.ts";

const FILE_NAME = "file.bin";

/** Joining a share with nothing installed. */
export const join: Row = {
  name: "join",
  work: "a machine with busybox alone joins a share, to its first piece",
  needsNamespaces: true,
  metrics: [
    { id: "fresh", label: "s, nothing in the cache", decimals: 2 },
    { id: "cached", label: "s, executable in the cache", decimals: 2 },
  ],
  targets: [
    constantTarget("fresh", "at most", 6, "at most 6 s"),
    constantTarget("cached", "at most", 3, "at most 3 s"),
  ],
  async prepare(
    { folder, size = 4 * MEBIBYTE }: RowOptions,
  ): Promise<Participant[]> {
    await writeRandomFile(joinPath(folder, FILE_NAME), size);
    const missing = await joinUnavailableReason() ?? await executablesMissing();
    return [{ name: OURS, missing, measure: () => measure(folder) }];
  },
};

async function measure(folder: string): Promise<Values> {
  const executables = await findExecutables();
  await using lan = await createLan(["source", "machine"], { dir: folder });
  const source = await bareHost(lan.host("source"), {
    executables,
    programs: ["lanswarm"],
  });
  await Deno.copyFile(joinPath(folder, FILE_NAME), source.path(FILE_NAME));
  const machine = await busyboxHost(lan.host("machine"), {
    executable: executables.lanswarm,
    commands: [CURL],
  });
  const { line } = await startShare(source, FILE_NAME);
  const seconds = async (dir: string): Promise<number> =>
    await joinShare(machine, line, { dir, hasCurl: true }) / 1000;
  return { fresh: await seconds("first"), cached: await seconds("second") };
}
