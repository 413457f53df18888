/**
 * Measures a row: prints each run, and the table of the row at the end.
 *
 * @module
 */
import type { Console } from "../../cli/console.ts";
import { formatResults, formatValue, type RowReport } from "./report.ts";
import type { Participant, Row } from "./row.ts";
import { takeTurns, type TurnOptions } from "./take_turns.ts";

/** Measures the participants of a row in turn. */
export async function measureRow(
  row: Row,
  participants: readonly Participant[],
  { console, ...options }: Omit<TurnOptions, "onRun"> & { console: Console },
): Promise<RowReport> {
  const results = await takeTurns(participants, {
    ...options,
    onRun: (name, values) => {
      const cells = row.metrics.map((metric) =>
        `${formatValue(values[metric.id], metric)} ${metric.label}`
      );
      console.writeErrorLine(`  ${name}: ${cells.join(", ")}`);
    },
  });
  const report = { row, results };
  console.writeLine(`${formatResults(report)}\n`);
  return report;
}
