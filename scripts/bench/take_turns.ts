/**
 * Measures the participants of a row in turn, so that changes of the machine affect
 * all of them alike.
 *
 * @module
 */
import type { Result } from "./report.ts";
import type { Participant, Values } from "./row.ts";

/** A participant that takes longer has only one run, unless it is ours. In milliseconds. */
const SLOW_MS = 60_000;

/** Options for {@linkcode takeTurns}. */
export interface TurnOptions {
  /** Runs of each participant. */
  readonly runCount: number;
  /** Called after each run. */
  readonly onRun: (name: string, values: Values) => void;
  /** Ends the measuring between two runs. */
  readonly signal: AbortSignal;
}

/**
 * Measures all participants. A failure is reported in the result. A participant has
 * no more runs after it, but others than ours may fail once.
 */
export async function takeTurns(
  participants: readonly Participant[],
  { runCount, onRun, signal }: TurnOptions,
): Promise<Result[]> {
  const runs = new Map<Participant, Values[]>();
  const remarks = new Map<Participant, string>();
  const failures = new Map<Participant, string>();
  for (const participant of participants) {
    runs.set(participant, []);
    const { missing } = participant;
    if (missing !== undefined) remarks.set(participant, missing);
  }
  for (let turn = 0; turn < runCount; turn++) {
    for (const [index, participant] of participants.entries()) {
      if (remarks.has(participant)) continue;
      signal.throwIfAborted();
      const startMs = performance.now();
      try {
        const values = await participant.measure();
        runs.get(participant)!.push(values);
        onRun(participant.name, values);
      } catch (error) {
        // After Ctrl+C all programs end, and waiting for one fails.
        signal.throwIfAborted();
        if (!(error instanceof Error)) throw error;
        if (index === 0 || failures.has(participant)) {
          remarks.set(participant, `failed: ${error.message}`);
        }
        failures.set(participant, `one run failed: ${error.message}`);
      }
      if (index > 0 && performance.now() - startMs > SLOW_MS) {
        const seconds = SLOW_MS / 1000;
        remarks.set(
          participant,
          remarks.get(participant) ??
            `one run only, as it takes more than ${seconds} s`,
        );
      }
    }
  }
  return participants.map((participant) => ({
    name: participant.name,
    runs: runs.get(participant)!,
    remark: remarks.get(participant) ?? failures.get(participant),
  }));
}
