/**
 * The rollout of one `share`: the hosts that it expects, the end when all of them are
 * verified, and what is written when it ends before.
 *
 * @module
 */
import {
  type Expectation,
  formatReport,
  HostProbes,
  readExpectation,
  Rollout,
  type Verdict,
} from "../mod.ts";
import type { Console } from "./console.ts";
import { namedToken } from "./control.ts";
import { readFileArgument } from "./flags.ts";
import { ownAddresses } from "./lan_addresses.ts";
import { printable, printableJson } from "./printable.ts";
import {
  EXIT_CODES,
  type ExitCode,
  ProgramError,
  UsageError,
} from "./program_error.ts";
import type { ShareJob } from "./share_job.ts";
import { describeHosts } from "./share_output.ts";

/** Time between two checks of the verdict. */
const CHECK_INTERVAL_MS = 250;
/** Time that a program which asks for the rollout has to see its end. */
const LINGER_MS = 2_500;
/** Hosts that the last error describes at most. */
const MAX_DETAILS = 100;

type Writer = Pick<Console, "writeResult" | "warn">;

/** The rollout of a job, until it is disposed of. */
export class ShareRollout implements Disposable {
  readonly rollout: Rollout;
  readonly #job: ShareJob;
  readonly #console: Writer;
  readonly #report: Deno.FsFile | undefined;
  readonly #met = new AbortController();
  readonly #probes: HostProbes;
  #metAtMs: number | undefined;
  readonly #timer = setInterval(() => this.#check(), CHECK_INTERVAL_MS);

  private constructor(
    job: ShareJob,
    { console, rollout, report }: {
      readonly console: Writer;
      readonly rollout: Rollout;
      readonly report: Deno.FsFile | undefined;
    },
  ) {
    this.#job = job;
    this.#console = console;
    this.#report = report;
    this.rollout = rollout;
    this.#probes = new HostProbes(rollout);
  }

  /**
   * Opens the files that the job names, before permissions are given up.
   * @throws {UsageError} If one of them cannot be opened.
   */
  static async open(job: ShareJob, console: Writer): Promise<ShareRollout> {
    const expectation = await expectationOf(job);
    const token = await namedToken(job.tokenFile);
    const report = await openReport(job.report);
    const { atLeast } = job;
    const rollout = new Rollout({
      ...{ expectation, atLeast, ownHostnames: ownAddresses },
    });
    if (token !== undefined) rollout.control.tokens.add(token);
    return new ShareRollout(job, { console, rollout, report });
  }

  /** Aborts when enough hosts are verified, unless the job stays. */
  get met(): AbortSignal {
    return this.#met.signal;
  }

  /**
   * Writes what is left to say when the share ends.
   * @param code Of the share itself; `undefined` if it throws.
   * @throws {ProgramError} If hosts are missing, and the share itself is done.
   */
  finish(code: ExitCode | undefined): void {
    this.#writeReport();
    const { isMet, missing, needed, verified } = this.#verdict();
    const isUndone = code === EXIT_CODES.done || code === EXIT_CODES.undone;
    if (isMet || needed === undefined || !isUndone) return;
    const names = missing.map(({ name }) => name);
    const lines = this.#job.json
      ? [printableJson({ type: "undone", missing: names })]
      : names.map(printable);
    lines.forEach((line) => this.#console.writeResult(line));
    if (code === EXIT_CODES.undone) return;
    const details = describeHosts(missing, MAX_DETAILS);
    throw new ProgramError(
      `cannot finish: ${verified} of the ${needed} machines of --expect are verified; run again to continue`,
      { exitCode: EXIT_CODES.undone, details },
    );
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#probes[Symbol.dispose]();
    this.#report?.close();
  }

  #verdict(): Verdict {
    return this.rollout.verdict(this.rollout.hosts(performance.now()));
  }

  #check(): void {
    const { isMet } = this.#verdict();
    this.#probes.run();
    if (this.#job.isStaying || !isMet) return;
    const nowMs = performance.now();
    this.#metAtMs ??= nowMs;
    // A program that waits for the verdict must not find the share gone.
    const isRead = this.#metAtMs - this.rollout.lastReadMs < LINGER_MS;
    if (!isRead || nowMs - this.#metAtMs >= LINGER_MS) this.#met.abort();
  }

  /** Through a handle that is open: the permission to write is given up by now. */
  #writeReport(): void {
    const file = this.#report;
    if (file === undefined) return;
    const clocks = { nowMs: performance.now(), wallMs: Date.now() };
    const bytes = new TextEncoder().encode(formatReport(this.rollout, clocks));
    try {
      file.truncateSync();
      for (let offset = 0; offset < bytes.length;) {
        offset += file.writeSync(bytes.subarray(offset));
      }
    } catch (error) {
      const { message } = error as Error;
      this.#console.warn(`cannot write the table of --report: ${message}`);
    }
  }
}

async function openReport(
  path: string | undefined,
): Promise<Deno.FsFile | undefined> {
  if (path === undefined) return undefined;
  try {
    return await Deno.open(path, { create: true, write: true });
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(`--report: cannot write ${path}: ${message}`);
  }
}

export async function expectationOf(
  { expect, atLeast = 1 }: ShareJob,
): Promise<Expectation | undefined> {
  const expectation = expect?.type === "file"
    ? await readFileArgument("--expect", expect.path, readExpectation)
    : expect;
  const count = expectation?.type === "hosts"
    ? expectation.names.length
    : expectation?.count ?? Infinity;
  if (atLeast <= count) return expectation;
  throw new UsageError(`--at-least is more than the ${count} of --expect`);
}
