/** Reads a Markdown page as what it is for a reader: blocks to be run. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Block {
  /** `bash`, `python`, `json`, `ts` ... */
  readonly language: string;
  readonly text: string;
  /** The heading it stands below. */
  readonly heading: string;
}

/** The fenced blocks of a page, in order. */
export function readBlocks(path: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: { language: string; lines: string[] } | undefined;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line.startsWith('```')) {
      if (open === undefined) open = { language: line.slice(3).trim(), lines: [] };
      else {
        blocks.push({ language: open.language, text: open.lines.join('\n'), heading });
        open = undefined;
      }
    } else if (open !== undefined) open.lines.push(line);
    else if (line.startsWith('#')) heading = line.replace(/^#+\s*/, '');
  }
  return blocks;
}

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end. */
export function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(command, args, { env, encoding: 'utf8', timeout: 120_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err });
    });
  });
}

/** Runs a block as a person would paste it. `curl` says nothing but the answer. */
export function runShell(text: string): Promise<Ran> {
  return run('bash', ['-c', `curl() { command curl -sS "$@"; }\n${text}`]);
}
