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

/** Time between two looks at the verdict, in milliseconds. */
const CHECK_INTERVAL_MS = 250;
/** Time that a program which asks for the rollout has to see its end, in milliseconds. */
const LINGER_MS = 2_500;
/** Hosts that the last error describes at most. */
const MAX_DETAILS = 100;

/** The rollout of a job, until it is disposed of. */
export class ShareRollout implements Disposable {
  readonly rollout: Rollout;
  readonly #job: ShareJob;
  readonly #console: Pick<Console, "writeResult" | "warn">;
  readonly #report: Deno.FsFile | undefined;
  readonly #met = new AbortController();
  readonly #probes: HostProbes;
  #metAtMs: number | undefined;
  readonly #timer: ReturnType<typeof setInterval>;

  private constructor(
    job: ShareJob,
    { console, expectation, report }: {
      readonly console: Pick<Console, "writeResult" | "warn">;
      readonly expectation: Expectation | undefined;
      readonly report: Deno.FsFile | undefined;
    },
  ) {
    this.#job = job;
    this.#console = console;
    this.#report = report;
    const { atLeast } = job;
    this.rollout = new Rollout({
      ...{ expectation, atLeast, ownHostnames: ownAddresses },
    });
    this.#probes = new HostProbes(this.rollout);
    this.#timer = setInterval(() => this.#check(), CHECK_INTERVAL_MS);
  }

  /**
   * Opens the files that the job names, before permissions are given up.
   * @throws {UsageError} If one of them cannot be opened.
   */
  static async open(
    job: ShareJob,
    console: Pick<Console, "writeResult" | "warn">,
  ): Promise<ShareRollout> {
    const expectation = await expectationOf(job);
    const token = await namedToken(job.tokenFile);
    const report = job.report === undefined
      ? undefined
      : await openReport(job.report);
    const own = new ShareRollout(job, { console, expectation, report });
    if (token !== undefined) own.rollout.control.tokens.add(token);
    return own;
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
    const { isMet, missing, neededCount, verifiedCount } = this.#verdict();
    const isUndone = code === EXIT_CODES.done || code === EXIT_CODES.undone;
    if (isMet || neededCount === undefined || !isUndone) return;
    const names = missing.map(({ name }) => name);
    if (this.#job.json) {
      const line = printableJson({ type: "undone", missing: names });
      this.#console.writeResult(line);
    } else names.forEach((name) => this.#console.writeResult(printable(name)));
    if (code === EXIT_CODES.undone) return;
    throw new ProgramError(
      `cannot finish: ${verifiedCount} of the ${neededCount} machines of --expect are verified; run again to continue`,
      {
        exitCode: EXIT_CODES.undone,
        details: describeHosts(missing, MAX_DETAILS),
      },
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

async function openReport(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { create: true, write: true });
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(`--report: cannot write ${path}: ${message}`);
  }
}

/**
 * The hosts that a job expects.
 * @throws {UsageError} If their list cannot be read, or fewer than are enough.
 */
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
