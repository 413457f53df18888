/**
 * Answers about every torrent at once, kept for a moment on a tracker that has
 * many: writing 20,000 torrents takes 30 ms, and whoever asks a hundred times in
 * a row must not keep the others waiting. With few torrents
 * each answer is fresh.
 *
 * @module
 */
/** Torrents up to which answers are always made anew. */
const FEW_SWARMS = 200;
/** How long an answer is kept, in milliseconds. */
const KEEP_MS = 5_000;

/** Which answer is asked for, and when. */
export interface AnswerKey {
  readonly name: string;
  /** How many torrents the answer tells of. */
  readonly swarmCount: number;
  readonly nowMs: number;
}

/** Keeps one answer of each name. */
export class AnswerCache<T> {
  readonly #kept = new Map<string, { answer: T; madeAtMs: number }>();

  /** The answer that `make` gives, or gave a moment ago. */
  get({ name, swarmCount, nowMs }: AnswerKey, make: () => T): T {
    const kept = this.#kept.get(name);
    if (
      kept !== undefined && swarmCount > FEW_SWARMS &&
      nowMs - kept.madeAtMs < KEEP_MS
    ) return kept.answer;
    const answer = make();
    if (swarmCount > FEW_SWARMS) {
      this.#kept.set(name, { answer, madeAtMs: nowMs });
    } else {
      this.#kept.delete(name);
    }
    return answer;
  }
}
