/**
 * Runs the participants of a row in turn, again and again, so that what the
 * machine does meanwhile meets all of them alike.
 *
 * @module
 */
import type { Result } from "./report.ts";
import type { Participant, Values } from "./row.ts";

/** Options of {@linkcode takeTurns}. */
export interface TurnOptions {
  /** Runs of each participant. */
  readonly runCount: number;
  /** Is told of each run. */
  readonly onRun: (name: string, values: Values) => void;
  /** Ends it between two runs. */
  readonly signal: AbortSignal;
}

/** Measures all. One that fails is told so in its result and has no turn again. */
export async function takeTurns(
  participants: readonly Participant[],
  { runCount, onRun, signal }: TurnOptions,
): Promise<Result[]> {
  const runs = new Map<string, Values[]>();
  const failures = new Map<string, string>();
  for (const { name, missing } of participants) {
    runs.set(name, []);
    if (missing !== undefined) failures.set(name, missing);
  }
  for (let turn = 0; turn < runCount; turn++) {
    for (const { name, measure } of participants) {
      if (failures.has(name)) continue;
      signal.throwIfAborted();
      try {
        const values = await measure();
        runs.get(name)!.push(values);
        onRun(name, values);
      } catch (error) {
        // After Ctrl+C every program ends, and every wait for one fails.
        signal.throwIfAborted();
        if (!(error instanceof Error)) throw error;
        failures.set(name, `failed: ${error.message}`);
      }
    }
  }
  return participants.map(({ name }) => ({
    name,
    runs: runs.get(name)!,
    failure: failures.get(name),
  }));
}
