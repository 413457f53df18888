/**
 * The page of the program `tracker`, fed by real announces.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { spawnTask } from "../../scripts/programs/tasks.ts";
import { browserTest } from "./browser_test_case.ts";

browserTest(
  "the program's page follows the announces of peers",
  async ({ page, complaints }) => {
    await using program = spawnTask("tracker", ["0", "--host=127.0.0.1"]);
    const [, url] = await program.stdout.waitFor(
      /(http:\/\/127\.0\.0\.1:\d+)\/announce/,
    );
    const announce = async (peer: string, rest: string): Promise<void> => {
      const response = await fetch(
        `${url}/announce?info_hash=${"%aa".repeat(20)}&peer_id=${
          `-qB4520-${peer}`.padEnd(20, "-")
        }&port=6881&uploaded=0${rest}`,
      );
      assertEquals(response.status, 200);
      await response.body?.cancel();
    };
    await page.goto(url!);
    await page.getByText("No torrents yet.").waitFor();

    await announce("one", "&event=started&downloaded=0&left=1000");
    const row = page.locator("#hosts tr");
    await row.getByText("qBittorrent 4.5.2").waitFor();
    await row.getByText("waiting").waitFor();
    assertEquals(await row.locator("th").innerText(), "127.0.0.1:6881");

    await announce("one", "&event=completed&downloaded=1000&left=0");
    await row.getByText("done").waitFor();
    await page.getByText("All 1 host has it").waitFor();
    await announce("one", "&event=stopped&downloaded=1000&left=0");
    await page.locator("#hosts").waitFor({ state: "detached" });
    assertEquals(
      await page.locator('#torrents td[data-label="Completed"]').innerText(),
      "1",
    );
    assertEquals(complaints, []);
  },
);
