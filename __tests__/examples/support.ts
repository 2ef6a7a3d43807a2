/** What the tests of the examples share. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '../..');

export interface Program {
  readonly file: string;
  remove(): Promise<void>;
}

/**
 * Makes one JavaScript file of an example and the library, straight from the sources, so that a process can run it
 * without a build. It lies below node_modules, where it finds the dependencies.
 */
export async function compileExample(name: string): Promise<Program> {
  const directory = resolve(ROOT, 'node_modules/.cache/llm-prefix-router');
  const file = resolve(directory, `${name}-${process.pid}-${Date.now()}.mjs`);
  await mkdir(directory, { recursive: true });
  await build({
    entryPoints: [resolve(ROOT, `examples/${name}.ts`)],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    // Its paths lead the package's own name to lib/, so that no build is needed.
    tsconfig: resolve(ROOT, 'config/tsconfig.test.json'),
    logLevel: 'error',
  });
  return { file, remove: () => rm(file) };
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. The environment is `env` alone. */
export function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((done) => {
    const child = execFile(process.execPath, [file, ...args], { env }, (_error, stdout, stderr) =>
      done({ code: child.exitCode, stdout, stderr }),
    );
  });
}

export interface Running {
  readonly child: ChildProcess;
  /** Waits for a line on stdout that matches. @returns its first group. */
  line(pattern: RegExp): Promise<string>;
  /** Settles with the exit code. */
  readonly exited: Promise<number | null>;
}

export function start(file: string, env: NodeJS.ProcessEnv): Running {
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const seen: string[] = [];
  lines.on('line', (line) => seen.push(line));
  return {
    child,
    exited: once(child, 'exit').then(([code]) => code as number | null),
    async line(pattern) {
      for (;;) {
        const found = seen.map((line) => pattern.exec(line)).find((match) => match !== null);
        if (found !== undefined) return found[1] ?? '';
        await once(lines, 'line');
      }
    },
  };
}
