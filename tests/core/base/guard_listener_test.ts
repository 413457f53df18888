import { assertEquals } from "@std/assert";
import { guardListener } from "../../../lib/base/guard_listener.ts";

Deno.test("guardListener() gives what a listener throws to onError", () => {
  const errors: unknown[] = [];
  const listen = guardListener<string>((value) => {
    throw value;
  }, (error) => errors.push(error));
  listen("one");
  listen("two");
  assertEquals(errors, ["one", "two"]);
  guardListener<string>(() => {
    throw new Error("ignored");
  })("three");
  guardListener<string>(undefined)("four");
});
