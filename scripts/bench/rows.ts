/**
 * The whole table.
 *
 * @module
 */
import { earlyLeecher } from "./early_leecher.ts";
import { create, verify } from "./hashing_rows.ts";
import { manyFiles } from "./many_files.ts";
import { memory } from "./memory.ts";
import type { Row } from "./row.ts";
import { SIMULATED_ROWS } from "./simulated_rows.ts";
import { SWARM_ROWS } from "./swarm_rows.ts";

/** All rows, in their order. */
export const ROWS: readonly Row[] = [
  ...SWARM_ROWS,
  memory,
  manyFiles,
  create,
  verify,
  earlyLeecher,
  ...SIMULATED_ROWS,
];
