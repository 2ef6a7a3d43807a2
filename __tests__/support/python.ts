/** Python with the real `openai` and `httpx` packages, in an environment that is made once. */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { run } from './documents.ts';

const HOME = resolve('node_modules/.cache/llm-prefix-router-python');
const IMPORTS = ['-c', 'import httpx, openai'];

const pythonIn = (home: string): string => `${home}/bin/python`;

/** The path of an interpreter that has both packages; undefined, with the reason printed, where there is none. */
export async function findPython(): Promise<string | undefined> {
  if (!existsSync(pythonIn(HOME))) await makeHome();
  return (await run(pythonIn(HOME), IMPORTS)).code === 0 ? pythonIn(HOME) : undefined;
}

/** Made aside and moved into place whole, since several test files may want it at the same time. */
async function makeHome(): Promise<void> {
  const home = `${HOME}-${process.pid}`;
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', '--clear', home]],
    // No retries: an index that cannot be reached must not hold up the one that can.
    [
      pythonIn(home),
      ['-m', 'pip', 'install', '--quiet', '--retries', '0', '--timeout', '20', 'openai', 'httpx'],
    ],
    [pythonIn(home), IMPORTS],
  ];
  for (const [command, args] of steps) {
    const { code, err } = await run(command, args);
    if (code === 0) continue;
    console.warn(`The Python tests are left out: '${args.join(' ')}' failed. ${err.slice(-300)}`);
    return rm(home, { recursive: true, force: true });
  }
  // Whoever comes second finds the place taken, by an environment as good as this one.
  await rename(home, HOME).catch(() => rm(home, { recursive: true, force: true }));
}
