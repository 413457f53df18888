import { assertEquals } from "@std/assert";
import { findStateFolder } from "../../../lib/disk/record_secret.ts";
import type { Platform } from "../../../lib/metainfo/safe_path.ts";

function find(
  variables: Record<string, string>,
  platform: Platform = "linux",
): string | undefined {
  return findStateFolder((name) => variables[name], platform);
}

Deno.test("findStateFolder() prefers a service's folder to the user's", () => {
  const HOME = "/home/ann";
  assertEquals(find({ HOME }), "/home/ann/.local/state/lanswarm");
  assertEquals(find({ HOME: "/a:b" }), "/a:b/.local/state/lanswarm");
  assertEquals(find({ HOME, XDG_STATE_HOME: "/s" }), "/s/lanswarm");
  const STATE_DIRECTORY = "/var/lib/lanswarm:/var/lib/other";
  assertEquals(find({ HOME, STATE_DIRECTORY }), "/var/lib/lanswarm");
  assertEquals(
    find({ HOME }, "darwin"),
    "/home/ann/Library/Application Support/lanswarm",
  );
});

Deno.test("findStateFolder() finds none where the environment names none", () => {
  assertEquals(find({}), undefined);
  assertEquals(find({ HOME: "" }), undefined);
  // A relative path would be another folder for each working folder.
  assertEquals(find({ HOME: "ann", XDG_STATE_HOME: "s" }), undefined);
  assertEquals(find({ HOME: "/home/ann" }, "windows"), undefined);
});
