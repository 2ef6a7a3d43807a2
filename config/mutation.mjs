/** Mutation testing, group by group: `npm run mutation`, or `npm run mutation -- model body` for some of them. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { GROUPS } from './mutation-groups.mjs';

/** Per cent of the mutants that must be caught. */
const REQUIRED = 85;

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => GROUPS[name] === undefined);
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(', ')}. There are ${Object.keys(GROUPS).join(', ')}.`);
  process.exit(1);
}

const rows = (asked.length > 0 ? asked : Object.keys(GROUPS)).flatMap(runGroup);
console.table(Object.fromEntries(rows.map(({ file, ...counts }) => [file, counts])));
const failed = rows.filter(({ score }) => score < REQUIRED);
for (const { file, score } of failed) console.error(`${file}: ${score} %, and ${REQUIRED} % are required.`);
process.exit(failed.length > 0 ? 1 : 0);

/** @returns {{ file: string, killed: number, survived: number, score: number }[]} */
function runGroup(name) {
  const { status } = spawnSync('npx', ['stryker', 'run', 'config/stryker.config.mjs'], {
    stdio: 'inherit',
    env: { ...process.env, MUTATION_GROUP: name },
  });
  if (status !== 0) process.exit(status ?? 1);
  const { files } = JSON.parse(readFileSync(`reports/mutation/${name}.json`, 'utf8'));
  return Object.entries(files).map(([file, { mutants }]) => {
    const count = (...states) => mutants.filter((mutant) => states.includes(mutant.status)).length;
    const killed = count('Killed', 'Timeout');
    const survived = count('Survived', 'NoCoverage');
    return { file, killed, survived, score: Math.round((1000 * killed) / (killed + survived)) / 10 };
  });
}
