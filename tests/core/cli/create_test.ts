import { assertEquals } from "@std/assert";
import { findNameWarnings } from "../../../cli/create.ts";

Deno.test("findNameWarnings() says nothing of names that lie everywhere", () => {
  assertEquals(findNameWarnings([["a", "b.txt"], ["a", "ü", "c"]]), []);
});

Deno.test("findNameWarnings() has a line for each platform, with the first name and how many more", () => {
  assertEquals(
    findNameWarnings([["a", "b?"], ["a", "README"], ["a", "readme"]]),
    [
      'Windows cannot download this torrent: "b?" contains a character that Windows forbids (and 1 more); to share with such machines, choose other names',
      'macOS cannot download this torrent: "a/readme" is the same as "a/README" on macOS, which ignores case and the way accents are written; to share with such machines, choose other names',
    ],
  );
});
