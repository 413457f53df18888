import { assertEquals } from "@std/assert";
import { isOwnFolderName } from "../../../lib/disk/own_folder.ts";

Deno.test("isOwnFolderName() knows every spelling that some file system takes for the name", () => {
  const names = [
    ".lanswarm",
    ".LanSwarm",
    ".lan\u200cswarm",
    "\u2024lanswarm",
    "LANSWA~1",
    ".lanswarm.",
    ".lanswarm ",
    ".lanswarm. .",
    ".lan\u034fswarm",
    ".lanswarm\ufe0f",
    ".lan\u115fswarm",
    ".LANſWARM",
    "lanswa~1.",
  ];
  for (const name of names) assertEquals(isOwnFolderName(name), true, name);
  for (const name of ["lanswarm", ".lanswarm2", "x.lanswarm", "lanswa~"]) {
    assertEquals(isOwnFolderName(name), false, name);
  }
});
