import { assertEquals } from "@std/assert";
import { findPortabilityFaults } from "../../../lib/metainfo/portability.ts";

/** Names for all platforms, for some, and two that meet on some. */
const PATHS = [
  ["photos", "résumé.pdf"],
  ["photos", "take: two.jpg"],
  ["photos", "aux.txt", "c"],
  ["photos", "README"],
  ["photos", "Readme"],
];

Deno.test("findPortabilityFaults() finds nothing where everything can lie", () => {
  assertEquals(findPortabilityFaults(PATHS, "linux"), []);
  assertEquals(findPortabilityFaults(PATHS.slice(0, 1), "windows"), []);
});

Deno.test("findPortabilityFaults() says what a platform forbids or takes as one", () => {
  assertEquals(findPortabilityFaults(PATHS, "windows"), [
    {
      path: ["photos", "take: two.jpg"],
      reason: '"take: two.jpg" contains a character that Windows forbids',
    },
    {
      path: ["photos", "aux.txt", "c"],
      reason: '"aux.txt" is a device name on Windows',
    },
    {
      path: ["photos", "Readme"],
      reason:
        '"photos/Readme" is the same as "photos/README" on Windows, which ignores case',
    },
  ]);
  assertEquals(findPortabilityFaults(PATHS, "darwin"), [{
    path: ["photos", "Readme"],
    reason:
      '"photos/Readme" is the same as "photos/README" on macOS, which ignores case and the way accents are written',
  }]);
});

Deno.test("findPortabilityFaults() looks at the torrent's name too", () => {
  const faults = findPortabilityFaults([["what?"]], "windows");
  assertEquals(faults.length, 1);
});
