/**
 * A tracker's page on a real socket, without the rest of a tracker; it shows a
 * scene.
 */
import type { TorrentCatalogue } from "../../lib/catalogue/torrent_catalogue.ts";
import type { TrackerPage } from "../../lib/tracker/page/tracker_page.ts";
import { pageOf } from "../core/tracker/page/page_desk.ts";
import type { SceneStore } from "../core/tracker/page/scene_store.ts";

export interface SceneTracker extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly page: TrackerPage;
  /** Requested paths with their queries. */
  readonly asked: string[];
}

/** Serves the page; its clock is at 0 when it starts. */
export function serveScene(
  { store, catalogue, port = 0 }: {
    readonly store: SceneStore;
    readonly catalogue?: TorrentCatalogue;
    /** @default {any free one} */
    readonly port?: number;
  },
): SceneTracker {
  const startedAtMs = performance.now();
  const now = (): number => performance.now() - startedAtMs;
  const page = pageOf(store, { catalogue });
  const asked: string[] = [];
  const closing = new AbortController();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port,
    signal: closing.signal,
    onListen: () => {},
  }, async (request) => {
    const { pathname, search } = new URL(request.url);
    asked.push(pathname + search);
    const route = page.routes.get(pathname);
    if (route === undefined) return new Response("", { status: 404 });
    const { status, headers, body } = await route({
      method: request.method,
      path: pathname,
      query: search.slice(1),
      remoteHostname: "127.0.0.1",
      isFromBrowser: true,
      header: (name) => request.headers.get(name) ?? undefined,
    }, now());
    const content = typeof body === "string" || body instanceof Uint8Array
      ? body
      : ReadableStream.from(body);
    return new Response(content, { status, headers });
  });
  const sampling = setInterval(() => page.sample(now()), 200);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    port: server.addr.port,
    page,
    asked,
    async [Symbol.asyncDispose](): Promise<void> {
      clearInterval(sampling);
      page.close();
      closing.abort();
      await server.finished;
    },
  };
}
