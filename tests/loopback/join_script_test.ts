/**
 * The join script on a machine that has only busybox, and under dash.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { ExecutableFolder } from "../../lib/share/executables.ts";
import { shareRoutes } from "../../lib/share/share_routes.ts";
import type { TrackerHandler } from "../../lib/tracker/http_handler.ts";
import { testUnless } from "../test_unless.ts";
import { startServer } from "./raw_http.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** Stands in for the executable: prints its arguments. */
const PROGRAM = '#!/bin/sh\nfor word; do echo "<$word>"; done\n';

const BUSYBOX = "/bin/busybox";

const busyboxMissing = await Deno.stat(BUSYBOX).then(
  () => undefined,
  () => "busybox is not installed",
);

/** The commands of the script, all of them busybox. */
const APPLETS = [
  ...["sh", "uname", "mkdir", "wget", "sha256sum", "cut", "chmod", "mv", "rm"],
  "sleep",
];

/** Runs a shell with this PATH and this home folder. */
const IN_MACHINE = "PATH=$0 HOME=$1; export PATH HOME; unset XDG_CACHE_HOME; " +
  'shift; exec "$@" -s -- --dir "some folder"';

interface Scene extends AsyncDisposable {
  readonly origin: string;
  readonly folder: string;
  /** The executable that is served. */
  readonly program: string;
  /** Paths that were requested. */
  readonly requested: string[];
  /** Downloads that are refused first, as where too many are sent at once. */
  busyCount: number;
  /** Runs a script on a machine with these commands. */
  run(
    script: string,
    options?: { readonly shell?: string[]; readonly path?: string },
  ): Promise<
    { readonly code: number; readonly out: string; readonly error: string }
  >;
}

async function scene(): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder()).path;
  const program = join(folder, "lanswarm");
  await Deno.writeTextFile(program, PROGRAM, { mode: 0o755 });
  const bin = join(folder, "bin");
  await Deno.mkdir(bin);
  for (const name of APPLETS) {
    await Deno.symlink(BUSYBOX, join(bin, name));
  }
  const routes = shareRoutes({
    find: () => undefined,
    executables: new ExecutableFolder(program),
    origin: () => "http://127.0.0.1:1",
  });
  const requested: string[] = [];
  const found = { busyCount: 0 };
  const server = stack.use(startServer({
    handle: (request, nowMs) => {
      requested.push(request.path);
      if (request.path.startsWith("/bin/") && found.busyCount-- > 0) {
        return { status: 503, headers: {}, body: "" };
      }
      const route: TrackerHandler | undefined = routes.get(request.path) ??
        routes.get("/bin/");
      return route!(request, nowMs);
    },
  }));
  return Object.assign(found, {
    origin: `http://127.0.0.1:${server.port}`,
    folder,
    program,
    requested,
    run: async (
      script: string,
      options: { readonly shell?: string[]; readonly path?: string } = {},
    ) => {
      const { shell = [BUSYBOX, "sh"], path = bin } = options;
      const child = new Deno.Command("sh", {
        args: ["-c", IN_MACHINE, path, folder, ...shell],
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(script));
      await writer.close();
      const { code, stdout, stderr } = await child.output();
      const decoder = new TextDecoder();
      return {
        code,
        out: decoder.decode(stdout),
        error: decoder.decode(stderr),
      };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  });
}

async function scriptOf({ origin }: Scene): Promise<string> {
  return await (await fetch(`${origin}/join`)).text();
}

testUnless(
  busyboxMissing,
  "the join script fetches the executable once and passes its arguments on",
  async () => {
    await using share = await scene();
    const script = await scriptOf(share);
    const expected = ["get", `${share.origin}/`, "--dir", "some folder"]
      .map((word) => `<${word}>\n`).join("");
    const ran = { code: 0, out: expected, error: "" };
    assertEquals(await share.run(script), ran);
    // dash, with the commands of this system.
    const debian = { shell: ["/bin/dash"], path: "/usr/bin:/bin" };
    assertEquals(await share.run(script, debian), ran);
    const fetches = share.requested.filter((path) => path.startsWith("/bin/"));
    assertEquals(fetches.length, 1);
  },
);

testUnless(
  busyboxMissing,
  "the join script fetches again while the machine is busy, and not without end",
  async () => {
    await using share = await scene();
    const script = await scriptOf(share);
    assertStringIncludes(script, "  tries=60\n");
    const quick = script.replace("sleep 5", "sleep 0");
    for (
      const machine of [
        {},
        { shell: ["/bin/dash"], path: "/usr/bin:/bin" },
      ]
    ) {
      await Deno.remove(join(share.folder, ".cache"), { recursive: true })
        .catch(() => {});
      share.busyCount = 3;
      const { code, out, error } = await share.run(quick, machine);
      assertEquals([code, out.slice(0, 5)], [0, "<get>"]);
      assertEquals(error.split("; trying again in 5 s").length - 1, 3);
    }
    await Deno.remove(join(share.folder, ".cache"), { recursive: true });
    share.busyCount = Infinity;
    const few = quick.replace("tries=60", "tries=3");
    const { code, error } = await share.run(few);
    assertEquals([code, error.split("; trying again").length - 1], [1, 2]);
    assertStringIncludes(error.trimEnd().split("\n").at(-1)!, "cannot fetch");
  },
);

testUnless(
  busyboxMissing,
  "the join script fetches again where the cached executable was changed",
  async () => {
    await using share = await scene();
    const script = await scriptOf(share);
    await share.run(script);
    const cache = join(share.folder, ".cache", "lanswarm");
    const [cached] = await Array.fromAsync(Deno.readDir(cache));
    await Deno.writeTextFile(
      join(cache, cached!.name),
      "#!/bin/sh\necho evil\n",
    );
    const { out } = await share.run(script);
    assertStringIncludes(out, "<get>");
  },
);

testUnless(
  busyboxMissing,
  "the join script runs nothing whose SHA-256 differs, and keeps nothing",
  async () => {
    await using share = await scene();
    const script = await scriptOf(share);
    await Deno.writeTextFile(share.program, "#!/bin/sh\necho evil\n");
    assertEquals(await share.run(script), {
      code: 1,
      out: "",
      error: "lanswarm: the executable's SHA-256 is wrong\n",
    });
    const cache = join(share.folder, ".cache", "lanswarm");
    assertEquals(await Array.fromAsync(Deno.readDir(cache)), []);
  },
);

testUnless(
  busyboxMissing,
  "a join script that was cut off runs nothing",
  async () => {
    await using share = await scene();
    const script = await scriptOf(share);
    share.requested.length = 0;
    const lines = script.trimEnd().split("\n");
    for (let count = 0; count < lines.length; count++) {
      const { out } = await share.run(lines.slice(0, count).join("\n"));
      assertEquals(out, "", `${count} lines`);
    }
    assertEquals(share.requested, []);
    assert(lines.length > 20);
  },
);

testUnless(
  busyboxMissing,
  "the join script runs nothing where the GNU C library is missing, and says what to do",
  async () => {
    await using share = await scene();
    const script = await scriptOf(share);
    share.requested.length = 0;
    const lib = join(share.folder, "lib");
    await Deno.mkdir(lib);
    // As on Alpine.
    await Deno.writeTextFile(join(lib, "ld-musl-x86_64.so.1"), "");
    const loaders = "/lib*/ld-linux* /System";
    assertStringIncludes(script, `has_loader ${loaders} `);
    const { folder } = share;
    const there = script.replace(
      loaders,
      `${folder}/lib*/ld-linux* ${folder}/System`,
    );
    assertEquals(await share.run(there), {
      code: 1,
      out: "",
      error:
        "lanswarm: the executable needs the GNU C library, which is not here " +
        `(musl?); open ${share.origin}/ in a browser\n`,
    });
    assertEquals(share.requested, []);
    // Another C library may be there beside it.
    await Deno.writeTextFile(join(lib, "ld-linux-x86-64.so.2"), "");
    assertEquals((await share.run(there)).code, 0);
  },
);

testUnless(
  busyboxMissing,
  "the join script names the command where the executable is missing",
  async () => {
    await using share = await scene();
    await Deno.remove(share.program);
    const { code, error } = await share.run(await scriptOf(share));
    assertEquals(code, 1);
    assertStringIncludes(error, "deno task compile --target");
  },
);
