import { assertEquals } from "@std/assert";
import {
  formatLinkRate,
  parseLinkRate,
} from "../../../scripts/simulate/figures.ts";

Deno.test("parseLinkRate() reads rates as links are sold", () => {
  assertEquals(parseLinkRate("1gbit"), 125_000_000);
  assertEquals(parseLinkRate("200Mbit"), 25_000_000);
  assertEquals(parseLinkRate("2.5gbit"), 312_500_000);
  assertEquals(parseLinkRate("64kbit"), 8_000);
});

Deno.test("parseLinkRate() accepts nothing else", () => {
  for (
    const text of ["", "1", "gbit", "0mbit", "-1gbit", "1gbyte", "1e3kbit"]
  ) {
    assertEquals(parseLinkRate(text), undefined, text);
  }
});

Deno.test("formatLinkRate() writes rates that parseLinkRate() reads", () => {
  assertEquals(formatLinkRate(125_000_000), "1 Gbit/s");
  assertEquals(formatLinkRate(312_500_000), "2.5 Gbit/s");
  assertEquals(formatLinkRate(8_000), "64 kbit/s");
  assertEquals(formatLinkRate(10), "80 bit/s");
});
