import { assertEquals, assertLess } from "@std/assert";
import { displayName, trimText } from "../../../lib/base/clean_text.ts";

Deno.test("trimText() removes blanks and invisible characters at the ends alone", () => {
  assertEquals(trimText("\u200b \t a \u2060b \u2800\n"), "a \u2060b");
  assertEquals(trimText(" \u3164 "), "");
  assertEquals(trimText(""), "");
});

Deno.test("trimText() spends little on long runs of blanks", () => {
  const blanks = " ".repeat(200_000);
  const startMs = performance.now();
  assertEquals(trimText(`${blanks}a${blanks}b${blanks}`), `a${blanks}b`);
  // With a search from each blank it took half a minute.
  assertLess(performance.now() - startMs, 500);
});

Deno.test("displayName() has at most 64 visible characters", () => {
  const name = `\x1b[31m\u202e${"\u{1f4bf}".repeat(100)}`;
  assertEquals(displayName(name), `[31m${"\u{1f4bf}".repeat(60)}`);
  assertEquals(displayName("\u202e\x00 "), undefined);
});
