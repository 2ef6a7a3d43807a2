/** Python with the real `openai` and `httpx` packages, in an environment that is made once. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { run } from './documents.ts';

const HOME = resolve('node_modules/.cache/llm-prefix-router-python');
const PYTHON = `${HOME}/bin/python`;
const IMPORTS = ['-c', 'import httpx, openai'];

/** The path of an interpreter that has both packages; undefined, with the reason printed, where there is none. */
export async function findPython(): Promise<string | undefined> {
  if (existsSync(PYTHON) && (await run(PYTHON, IMPORTS)).code === 0) return PYTHON;
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', '--clear', HOME]],
    // No retries: an index that cannot be reached must not hold up the one that can.
    [PYTHON, ['-m', 'pip', 'install', '--quiet', '--retries', '0', '--timeout', '20', 'openai', 'httpx']],
    [PYTHON, IMPORTS],
  ];
  for (const [command, args] of steps) {
    const { code, err } = await run(command, args);
    if (code !== 0) {
      console.warn(`The Python tests are left out: '${args.join(' ')}' failed. ${err.slice(-300)}`);
      return undefined;
    }
  }
  return PYTHON;
}
