/** The README says what is true: its tables are made from what the code uses, and its commands exist. */
import { readFileSync, writeFileSync } from 'node:fs';
import { ANTHROPIC_FIELDS } from '../lib/providers/anthropic/fields.ts';
import type { FieldTable } from '../lib/providers/fields.ts';
import { GOOGLE_EMBEDDING_FIELDS, GOOGLE_FIELDS } from '../lib/providers/google/fields.ts';

const README = 'README.md';
const BEGIN = '<!-- fields: begin (written by __tests__/readme.test.ts; run it with UPDATE_README=1) -->';
const END = '<!-- fields: end -->';

const WHAT = {
  mapped: 'converted',
  ignored: 'left out',
  hint: 'left out and named',
  refused: '400',
} as const;

function table(title: string, fields: FieldTable): string {
  const rows = [...fields].map(([name, rule]) => `| \`${name}\` | ${WHAT[rule.class]} | ${rule.note} |`);
  return [`**${title}**`, '', '| Field | What becomes of it | How, or why |', '|---|---|---|', ...rows].join(
    '\n',
  );
}

const tables = [
  table('`anthropic:`, chat completions', ANTHROPIC_FIELDS),
  table('`google:`, chat completions', GOOGLE_FIELDS),
  table('`google:`, embeddings', GOOGLE_EMBEDDING_FIELDS),
].join('\n\n');

const readme = (): string => readFileSync(README, 'utf8');

test('the tables of fields are those the code uses', () => {
  const page = readme();
  const begin = page.indexOf(BEGIN) + BEGIN.length;
  const end = page.indexOf(END);
  if (process.env['UPDATE_README'] === '1')
    writeFileSync(README, `${page.slice(0, begin)}\n\n${tables}\n\n${page.slice(end)}`);
  const written = readme();
  expect(written.slice(written.indexOf(BEGIN) + BEGIN.length, written.indexOf(END)).trim()).toBe(tables);
});

test('every npm script the README names exists', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const named = [...readme().matchAll(/npm (?:run )?(\w[\w:]*)/g)].map((match) => match[1] ?? '');
  const known = new Set([...Object.keys(scripts), 'ci', 'install', 'pack']);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

test('every option of the router stands in the README', async () => {
  const source = readFileSync('lib/config.ts', 'utf8');
  const options = /export interface RouterOptions \{([^]*?)\n\}/.exec(source)?.[1] ?? '';
  const names = [...options.matchAll(/readonly (\w+)\?:/g)].map((match) => match[1]);
  expect(names.length).toBeGreaterThan(8);
  expect(names.filter((name) => !readme().includes(`| \`${name}\` |`))).toEqual([]);
});
