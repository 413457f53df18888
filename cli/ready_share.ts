/**
 * Waits for a share that is still being hashed, at the first of its machines that is
 * ready.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import {
  createAddressFilter,
  FetchError,
  fetchShares,
  type ListedShare,
  type ShareListing,
} from "../mod.ts";
import { type Candidate, SEARCH_MS } from "./find_share.ts";
import type { GetJob } from "./get_job.ts";
import { shown } from "./printable.ts";
import type { JobContext } from "./program.ts";
import { withRetries } from "./retry.ts";

/** Time between two requests for the state of a share that is being hashed, in milliseconds. */
const POLL_MS = 1_000;

/** A share that is ready, at one of its machines. */
export interface ReadyShare {
  readonly share: ListedShare;
  readonly listing: ShareListing;
  readonly host: string;
}

/**
 * Waits until a share is hashed.
 * @param onWait Called once if there is a wait.
 * @throws {ProgramError} If none of its machines answers for the time.
 */
export async function untilReady(
  { id, name, hosts }: Candidate,
  { job, console, signal, onWait }: {
    readonly job: GetJob;
    readonly onWait: () => void;
  } & Pick<JobContext, "console" | "signal">,
): Promise<ReadyShare> {
  const permits = createAddressFilter(job);
  const ask = async (host: string): Promise<ReadyShare> => {
    const listing = await fetchShares(host, { signal, permits });
    // It gets another id when it is hashed.
    const share = listing.shares.find((share) => share.id === id) ??
      listing.shares.find((share) => share.name === name);
    if (share !== undefined) return { share, listing, host };
    throw new FetchError(
      `Cannot fetch ${shown(name)}: ${host} no longer shares it`,
      { isTemporary: true },
    );
  };
  const retryForMs = Math.max(job.retryForMs, SEARCH_MS);
  for (let isFirst = true;; isFirst = false) {
    const ready = await withRetries(
      () => firstReady(hosts.map(ask)),
      {
        ...{ retryForMs, signal, console },
        isTemporary: (error) =>
          error instanceof FetchError && error.isTemporary,
      },
    );
    if (ready.share.state === "ready") return ready;
    if (isFirst) onWait();
    await delay(POLL_MS, { signal });
  }
}

/** The first machine that is ready, however fast others say that they still hash. */
async function firstReady(
  asked: readonly Promise<ReadyShare>[],
): Promise<ReadyShare> {
  const ready = asked.map(async (answer) => {
    if ((await answer).share.state === "ready") return answer;
    throw new Error("It still hashes");
  });
  return await Promise.any(ready).catch(() => Promise.any(asked))
    .catch(({ errors }) => {
      throw errors[0];
    });
}
