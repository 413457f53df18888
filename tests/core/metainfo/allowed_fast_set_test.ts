import { assertEquals } from "@std/assert";
import { infoHashFromHex } from "../../../lib/base/identifier.ts";
import { sha1 } from "../../../lib/disk/sha1.ts";
import {
  ALLOWED_FAST_COUNT,
  allowedFastSet,
} from "../../../lib/metainfo/allowed_fast_set.ts";

/** The torrent and the peer of BEP 6's examples. */
const EXAMPLE = {
  infoHash: infoHashFromHex("aa".repeat(20)),
  pieceCount: 1313,
  hostname: "80.4.4.200",
  sha1,
};
const NINE = [1059, 431, 808, 1217, 287, 376, 1188, 353, 508];

Deno.test("allowedFastSet() gives the examples of BEP 6, of 7, 8 and 9 pieces", () => {
  for (const count of [7, 8, 9]) {
    const set = allowedFastSet({ ...EXAMPLE, count });
    assertEquals(set, NINE.slice(0, count));
  }
});

Deno.test("allowedFastSet() gives all hosts of a /24 one set, and others another", () => {
  const own = NINE.slice(0, ALLOWED_FAST_COUNT);
  for (const hostname of ["80.4.4.200", "80.4.4.0", "80.4.4.255"]) {
    assertEquals(allowedFastSet({ ...EXAMPLE, hostname }), own);
  }
  const other = allowedFastSet({ ...EXAMPLE, hostname: "80.4.5.200" });
  assertEquals(other.filter((index) => own.includes(index)), []);
});

Deno.test("allowedFastSet() gives every piece of a torrent that has fewer", () => {
  const all = allowedFastSet({ ...EXAMPLE, pieceCount: 3 });
  assertEquals(all.toSorted(), [0, 1, 2]);
  assertEquals(allowedFastSet({ ...EXAMPLE, pieceCount: 0 }), []);
});

Deno.test("allowedFastSet() gives none to a peer without an IPv4 address", () => {
  for (const hostname of ["2001:db8::1", "localhost"]) {
    assertEquals(allowedFastSet({ ...EXAMPLE, hostname }), []);
  }
});
