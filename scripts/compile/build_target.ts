/**
 * Builds the executables of one target, each only if what it is made of changed.
 *
 * @module
 */
import { join } from "@std/path";
import {
  type BaseRuntime,
  findRuntime,
  givenRuntime,
  isStillFound,
} from "./base_runtime.ts";
import { hashInputs, readInputs } from "./build_inputs.ts";
import {
  type BuildRecord,
  isAsRecorded,
  measureFile,
  readRecords,
  writeRecords,
} from "./build_record.ts";
import { compileProgram } from "./compile_program.ts";
import { DIST } from "./dist.ts";
import {
  EXECUTABLE_NAMES,
  executableFileName,
  type ExecutableName,
  type Target,
} from "./targets.ts";

/** Options of {@linkcode buildTarget}. */
export interface BuildTargetOptions {
  readonly target: Target;
  /** Whether the names of the files tell the target. */
  readonly showsTarget: boolean;
}

/** An executable that is up to date. */
export interface Executable extends BuildRecord {
  readonly name: ExecutableName;
  readonly target: Target;
  /** In `dist/`. */
  readonly fileName: string;
  /** Absolute. */
  readonly path: string;
  /** Whether it was built now. */
  readonly isNew: boolean;
}

/**
 * Builds what is missing or out of date. One process at a time builds; others
 * wait, and find it done.
 * @throws {ExecutablesUnavailableError} If there is no `denort` for the target.
 * @throws {RuntimeError} If there is a wrong one, or the compiler fails.
 */
export async function buildTarget(
  options: BuildTargetOptions,
): Promise<Executable[]> {
  await Deno.mkdir(DIST, { recursive: true });
  using lock = await Deno.open(join(DIST, ".lock"), {
    write: true,
    create: true,
  });
  await lock.lock(true);
  const records = new Map(Object.entries(await readRecords()));
  try {
    return await buildAll(options, records);
  } finally {
    // What was built before a failure is in `dist/`, too.
    await writeRecords(Object.fromEntries(records));
  }
}

async function buildAll(
  { target, showsTarget }: BuildTargetOptions,
  records: Map<string, BuildRecord>,
): Promise<Executable[]> {
  const files = await readInputs();
  const inputs = await hashInputs(files);
  const given = await givenRuntime(target);
  let runtime = given;
  const executables: Executable[] = [];
  for (const name of EXECUTABLE_NAMES) {
    const fileName = executableFileName(name, { target, showsTarget });
    const path = join(DIST, fileName);
    let record = records.get(fileName);
    const isCurrent = record?.inputs === inputs &&
      isOf(record.runtime, given) &&
      await isAsRecorded(path, record);
    if (record === undefined || !isCurrent) {
      runtime ??= await findRuntime(target);
      await compileProgram({ name, target, path, runtime, files });
      const { source, version, identity } = runtime;
      const measures = await measureFile(path);
      record = { inputs, runtime: { source, version, identity }, ...measures };
      records.set(fileName, record);
    }
    executables.push({
      ...record,
      name,
      target,
      fileName,
      path,
      isNew: !isCurrent,
    });
  }
  return executables;
}

function isOf(
  recorded: BuildRecord["runtime"],
  given: BaseRuntime | undefined,
): boolean {
  return given === undefined
    ? isStillFound(recorded)
    : recorded.source === given.source && recorded.identity === given.identity;
}
