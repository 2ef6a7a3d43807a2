/**
 * Writes lib/status/price-table.ts from the installed @pydantic/genai-prices (MIT). The package itself stays a
 * development dependency: with all its vendors it is 2 MB on disk and 4 MB of heap in every process, takes some 75 us
 * a call, and cannot tell at run time of which day its prices are.
 *
 *   npm install --save-dev @pydantic/genai-prices@latest && node config/update-prices.mjs
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { findProvider } from '@pydantic/genai-prices';

const PACKAGE = '@pydantic/genai-prices';
const CLOUDS = ['openai', 'google', 'anthropic'];

/** Their name of a price per million tokens, ours. What is not here is counted in no usage that a cloud tells us. */
const RATES = {
  input_mtok: 'input',
  output_mtok: 'output',
  cache_read_mtok: 'cachedInput',
  cache_write_mtok: 'cacheWrite',
  input_audio_mtok: 'inputAudio',
  output_audio_mtok: 'outputAudio',
  input_image_mtok: 'inputImage',
  output_image_mtok: 'outputImage',
};

const readInstalled = (name) =>
  readFileSync(new URL(`../node_modules/${PACKAGE}/${name}`, import.meta.url), 'utf8');
const { version } = JSON.parse(readInstalled('package.json'));
const copyright = /^Copyright .+$/m.exec(readInstalled('LICENSE'))[0].replace(/\.?$/, '.');
const days = JSON.parse(execFileSync('npm', ['view', PACKAGE, 'time', '--json'], { encoding: 'utf8' }));

const lines = CLOUDS.flatMap((id) => [
  `  ${id}: [`,
  ...findProvider({ providerId: id })
    .models.filter((model) => isPriced(model, id))
    .map((model) => `    ${toLine(model)}`),
  '  ],',
]);
writeFileSync(
  new URL('../lib/status/price-table.ts', import.meta.url),
  `/**
 * Made by config/update-prices.mjs; do not edit. The prices are those of ${PACKAGE} ${version}, under the MIT
 * licence. ${copyright}
 */
import type { PricedModel } from './prices.ts';

export const PRICE_SOURCE: string = '${PACKAGE} ${version}';

/** The day that version was published. */
export const PRICES_AS_OF: string = '${days[version].slice(0, 10)}';

/** US dollars per million tokens, by prefix. The first model that matches counts. */
// prettier-ignore
export const PRICE_TABLE: { readonly [prefix: string]: readonly PricedModel[] } = {
${lines.join('\n')}
};
`,
);

/** Priced by the token, all of which a usage tells apart, and served under this prefix. */
function isPriced({ id, prices }, cloud) {
  const all = periods(prices).flatMap((period) => Object.keys(period.prices));
  if (cloud === 'google' && id.startsWith('claude')) return false;
  return all.includes('input_mtok') && !all.includes('output_video_mtok');
}

function periods(prices) {
  return Array.isArray(prices) ? prices : [{ prices }];
}

function toLine({ match, prices }) {
  return `{ match: ${new RegExp(toPattern(match))}, prices: [${periods(prices).map(toPrice).join(', ')}] },`;
}

function toPrice({ constraint, prices }) {
  if (constraint !== undefined && constraint.type !== 'start_date')
    throw new Error(`Unknown constraint ${JSON.stringify(constraint)}.`);
  const base = [];
  const above = [];
  const starts = new Set();
  for (const [theirs, ours] of Object.entries(RATES)) {
    const price = prices[theirs];
    if (price === undefined) continue;
    base.push(`${ours}: ${price.base ?? price}`);
    above.push(`${ours}: ${price.tiers?.[0].price ?? price}`);
    for (const { start } of price.tiers ?? []) starts.add(start);
  }
  if (starts.size > 1) throw new Error(`More than one step: ${JSON.stringify(prices)}`);
  if (constraint !== undefined) base.unshift(`from: ${Date.parse(constraint.start_date)}`);
  for (const start of starts) base.push(`above: { tokens: ${start}, ${above.join(', ')} }`);
  return `{ ${base.join(', ')} }`;
}

/** Their matching rules as one pattern. Names are compared in lower case. */
function toPattern(match) {
  const [[kind, value]] = Object.entries(match);
  switch (kind) {
    case 'or':
      return mergeExact(value).map(toPattern).join('|');
    case 'and':
      return `^${value.map((rule) => `(?=${toPattern(rule)})`).join('')}`;
    case 'equals':
      return `^${escape(value)}$`;
    case 'exact':
      return `^(?:${value.map(escape).join('|')})$`;
    case 'starts_with':
      return `^${escape(value)}`;
    case 'ends_with':
      return `${escape(value)}$`;
    case 'contains':
      return escape(value);
    case 'regex':
      return value;
    default:
      throw new Error(`Unknown rule ${kind}.`);
  }
}

/** Several whole names as one rule, so that the pattern stays readable. */
function mergeExact(rules) {
  const exact = rules.flatMap((rule) => (rule.equals === undefined ? [] : [rule.equals]));
  if (exact.length < 2) return rules;
  return [{ exact }, ...rules.filter((rule) => rule.equals === undefined)];
}

function escape(text) {
  return text.toLowerCase().replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
