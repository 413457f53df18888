/**
 * The permissions that the jobs of a process keep. A task grants what any command
 * line may need; each job gives up the rest before it reads what other machines
 * send. A permission that no job keeps is revoked for good.
 *
 * @module
 */

/** The permissions of Deno. */
const ALL = ["read", "write", "net", "run", "sys", "env", "ffi"] as const;

/** Revokes one permission of the process. */
type Revoke = (name: Deno.PermissionName) => Promise<unknown>;

/** The permissions of one job among those of its process. */
export class JobPermissions implements AsyncDisposable {
  readonly #revoke: Revoke;
  /** The permissions of all jobs of the process, these included. */
  readonly #jobs: Set<JobPermissions>;
  #kept: ReadonlySet<Deno.PermissionName> = new Set(ALL);

  private constructor(revoke: Revoke, jobs: Set<JobPermissions>) {
    this.#revoke = revoke;
    this.#jobs = jobs;
    jobs.add(this);
  }

  /** The permissions of the only job so far. */
  static ofProcess(
    revoke: Revoke = (name) => Deno.permissions.revoke({ name }),
  ): JobPermissions {
    return new JobPermissions(revoke, new Set());
  }

  /** The permissions of one more job, which keeps all of them at first. */
  forAnotherJob(): JobPermissions {
    return new JobPermissions(this.#revoke, this.#jobs);
  }

  /** Gives up all permissions but these; what was given up before stays so. */
  async keepOnly(...names: readonly Deno.PermissionName[]): Promise<void> {
    this.#kept = this.#kept.intersection(new Set(names));
    await this.#revokeUnused();
  }

  /** Gives up everything, because the job has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#jobs.delete(this);
    // The last job's permissions end with the process.
    if (this.#jobs.size > 0) await this.#revokeUnused();
  }

  async #revokeUnused(): Promise<void> {
    for (const name of ALL) {
      const isKept = [...this.#jobs].some((job) => job.#kept.has(name));
      if (!isKept) await this.#revoke(name);
    }
  }
}
