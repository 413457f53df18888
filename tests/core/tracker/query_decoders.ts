/**
 * The decoders of tracker queries, as fuzz targets.
 *
 * @module
 */
import {
  parseAnnounceQuery,
  parseScrapeQuery,
} from "../../../lib/tracker/announce_query.ts";
import { QueryError } from "../../../lib/announce/announce.ts";
import type { NamedFuzzTarget } from "../fuzz.ts";
import { announceQuery, bytes, text } from "../announce/samples.ts";

/** A query with the parameters that clients may omit. */
export const QUERY_SAMPLE = bytes(announceQuery({
  event: "started",
  numwant: 9,
  compact: 0,
  key: "%00abc",
}));

const SCRAPE_SAMPLE = bytes(
  Array.from({ length: 3 }, () => `info_hash=${"%aa".repeat(20)}`).join("&"),
);

/** The decoders of queries. */
export const QUERY_DECODERS: readonly NamedFuzzTarget[] = [
  {
    name: "parseAnnounceQuery() survives mutated queries",
    examples: [QUERY_SAMPLE],
    decode: (input) => parseAnnounceQuery(text(input)),
    refusal: QueryError,
  },
  {
    name: "parseScrapeQuery() survives mutated queries",
    examples: [QUERY_SAMPLE, SCRAPE_SAMPLE],
    decode: (input) => parseScrapeQuery(text(input)),
    refusal: QueryError,
  },
];
