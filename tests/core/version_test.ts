import configuration from "../../deno.json" with { type: "json" };
import { assertEquals } from "@std/assert";
import { VERSION } from "../../lib/base/version.ts";

Deno.test("VERSION is the one in deno.json", () => {
  assertEquals(VERSION, configuration.version);
});
