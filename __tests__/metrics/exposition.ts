/**
 * A strict reader of Prometheus's text format 0.0.4: what it does not know is an error.
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SUFFIXES: ReadonlyMap<string, readonly string[]> = new Map([
  ['counter', ['']],
  ['gauge', ['']],
  ['histogram', ['_bucket', '_sum', '_count']],
]);

export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('The last line does not end.');
  const families = new Map<string, Family>();
  let help: readonly string[] = [];
  let family: Family | undefined;
  let name = '';
  for (const line of text.split('\n').filter((line) => line !== '')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment?.[1] === 'HELP') help = comment;
    else if (comment?.[1] === 'TYPE') {
      [, , name = ''] = comment;
      if (help[2] !== name || families.has(name)) throw new Error(`Out of place: ${line}`);
      family = { type: comment[3] ?? '', help: help[3] ?? '', samples: [] };
      families.set(name, family);
    } else if (family === undefined) throw new Error(`Of no family: ${line}`);
    else family.samples.push(parseSample(line, name, family.type));
  }
  for (const [familyName, { type, samples }] of families) check(familyName, type, samples);
  return families;
}

function parseSample(line: string, family: string, type: string): Sample {
  const [, name = '', labels = '', number = ''] =
    /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.+)\})? (\+Inf|[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)$/.exec(line) ?? [];
  const isOurs = SUFFIXES.get(type)?.some((suffix) => name === family + suffix) === true;
  if (!isOurs) throw new Error(`Not of ${type} ${family}: ${line}`);
  return { name, labels: parseLabels(labels), value: number === '+Inf' ? Infinity : Number(number) };
}

function parseLabels(text: string): Record<string, string> {
  const labels: [string, string][] = [];
  const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/y;
  while (label.lastIndex < text.length) {
    const [, name = '', value = ''] = label.exec(text) ?? [];
    if (name === '' || labels.some(([other]) => other === name)) throw new Error(`No labels: ${text}`);
    labels.push([
      name,
      value.replaceAll(/\\(.)/g, (_all, escaped) => (escaped === 'n' ? '\n' : `${escaped}`)),
    ]);
  }
  return Object.fromEntries(labels);
}

/** Each series once; buckets grow, and the last holds them all. */
function check(name: string, type: string, samples: readonly Sample[]): void {
  const keys = samples.map(
    (sample) =>
      sample.name +
      Object.entries(sample.labels)
        .map((label) => JSON.stringify(label))
        .toSorted((a, b) => (a < b ? -1 : 1))
        .join(),
  );
  if (new Set(keys).size !== keys.length) throw new Error(`${name} has a series twice.`);
  if (type === 'counter' && !name.endsWith('_total')) throw new Error(`${name} must end in _total.`);
  if (type !== 'histogram') return;
  const seriesOf = ({ labels: { le: _le, ...labels } }: Sample): string => JSON.stringify(labels);
  for (const labels of new Set(samples.map(seriesOf))) {
    const of = samples.filter((sample) => seriesOf(sample) === labels);
    const buckets = of.filter((sample) => sample.name.endsWith('_bucket'));
    const bounds = buckets.map((bucket) =>
      bucket.labels['le'] === '+Inf' ? Infinity : Number(bucket.labels['le']),
    );
    const counts = buckets.map(({ value }) => value);
    const isSorted = (values: number[]): boolean =>
      values.every((value, index) => value >= (values[index - 1] ?? 0));
    const count = of.find((sample) => sample.name.endsWith('_count'))?.value;
    if (!isSorted(bounds) || !isSorted(counts) || bounds.at(-1) !== Infinity || counts.at(-1) !== count)
      throw new Error(`${name} of ${labels} has wrong buckets.`);
  }
}
