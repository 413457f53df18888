/**
 * The machines of a benchmark: namespaces where the system can make them, else
 * folders and processes that meet on 127.0.0.1.
 *
 * @module
 */
import { join } from "@std/path";
import { createLan } from "../lan/lan.ts";
import type { Host } from "../lan/lan_host.ts";
import { lanUnavailableReason } from "../lan/lan_unavailable.ts";
import { RunningProgram } from "../programs/running_program.ts";
import { taskArguments } from "../programs/task_arguments.ts";

/** Hosts that can reach each other, and end with what runs on them. */
export interface BenchmarkNetwork<Name extends string> extends AsyncDisposable {
  host(name: Name): Host;
}

/** How the machines of this benchmark are made, for the report. */
export const NETWORK_KIND: "namespaces" | "loopback" =
  await lanUnavailableReason() === undefined ? "namespaces" : "loopback";

/** Makes the machines, with their folders in `dir`. */
export async function openNetwork<Name extends string>(
  names: readonly Name[],
  dir: string,
): Promise<BenchmarkNetwork<Name>> {
  if (NETWORK_KIND === "namespaces") return await createLan(names, { dir });
  const folder = await Deno.makeTempDir({ dir });
  const hosts = new Map(
    names.map((name) => [name, new LoopbackHost(name, join(folder, name))]),
  );
  for (const host of hosts.values()) await Deno.mkdir(host.folder);
  return {
    host: (name) => hosts.get(name)!,
    [Symbol.asyncDispose]: async () => {
      for (const host of hosts.values()) await host.endProcesses();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

class LoopbackHost implements Host {
  readonly address = "127.0.0.1";
  readonly #programs: RunningProgram[] = [];

  constructor(readonly name: string, readonly folder: string) {}

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  spawn(
    ...[program, args, options]: Parameters<Host["spawn"]>
  ): RunningProgram {
    const process = new Deno.Command(program, {
      args: [...args],
      cwd: this.folder,
      env: { NO_COLOR: "1", ...options?.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const running = new RunningProgram(`${program} on ${this.name}`, process);
    this.#programs.push(running);
    return running;
  }

  spawnTask(
    ...[name, args, options]: Parameters<Host["spawnTask"]>
  ): RunningProgram {
    const command = [...taskArguments(name), ...args];
    return this.spawn(Deno.execPath(), command, options);
  }

  async run(
    ...args: Parameters<Host["run"]>
  ): ReturnType<Host["run"]> {
    return await this.spawn(...args).result;
  }

  async runTask(
    ...args: Parameters<Host["runTask"]>
  ): ReturnType<Host["runTask"]> {
    return await this.spawnTask(...args).result;
  }

  async endProcesses(): Promise<void> {
    for (const program of this.#programs) await program.stop("SIGKILL");
  }
}
