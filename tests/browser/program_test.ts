/**
 * The page of the program `tracker`, fed by real announces.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { exchange } from "../loopback/raw_http.ts";
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

browserTest(
  "a page of another site can neither announce nor read, and no other name leads to the page",
  async ({ page }) => {
    await using program = spawnTask("tracker", [
      ...["0", "--host=127.0.0.1", "--page-name=tracker.test"],
    ]);
    const [, text] = await program.stdout.waitFor(
      /http:\/\/127\.0\.0\.1:(\d+)\/announce/,
    );
    const port = Number(text);
    const target = `/announce?info_hash=${"%aa".repeat(20)}&peer_id=${
      "x".repeat(20)
    }&port=6881&left=0`;
    // A site in the browser, on another origin of this machine.
    await using site = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () =>
        new Response("<p>here</p>", {
          headers: { "content-type": "text/html" },
        }),
    );
    await page.goto(`http://127.0.0.1:${site.addr.port}/`);
    const url = `http://127.0.0.1:${port}`;
    // Chromium sends neither Origin nor Referer here.
    await page.evaluate(async (url) => {
      const options = { mode: "no-cors", referrerPolicy: "no-referrer" };
      await fetch(url, options as RequestInit);
    }, url + target);
    await page.evaluate(`new Promise((resolve) => {
      const image = new Image();
      image.onerror = resolve;
      image.src = ${JSON.stringify(url + target)};
    })`);
    const scrape = await exchange(
      { port },
      "GET /scrape HTTP/1.0\r\n\r\n",
    );
    assertStringIncludes(scrape, "x-content-type-options: nosniff");
    assertStringIncludes(scrape, "\r\n\r\nd5:filesdee");

    const statusOf = async (name: string, path: string): Promise<string> =>
      (await exchange(
        { port },
        `GET ${path} HTTP/1.1\r\nhost: ${name}:${port}\r\nconnection: close\r\n\r\n`,
      )).slice(9, 12);
    for (const path of ["/", "/stats.json", "/metrics", "/view", "/events"]) {
      assertEquals(await statusOf("rebound.test", path), "421", path);
    }
    for (const name of ["tracker.test", Deno.hostname(), "localhost"]) {
      assertEquals(await statusOf(name, "/stats.json"), "200", name);
    }
    const refused = await page.goto(`http://rebound.localhost:${port}/`);
    assertEquals(refused?.status(), 421);
    assertStringIncludes(
      await page.locator("body").innerText(),
      "--page-name rebound.localhost",
    );
  },
);
