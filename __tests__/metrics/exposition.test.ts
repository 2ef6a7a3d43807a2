import { parseExposition } from './exposition.ts';

const counter = (...lines: string[]): string =>
  ['# HELP a_total What it is.', '# TYPE a_total counter', ...lines, ''].join('\n');
const histogram = (...lines: string[]): string =>
  ['# HELP a_seconds What it is.', '# TYPE a_seconds histogram', ...lines, ''].join('\n');

test('a text as it should be is read whole', () => {
  expect(parseExposition(counter('a_total{b="x\\"\\\\\\n",c="y"} 1.5e3', 'a_total 2'))).toEqual(
    new Map([
      [
        'a_total',
        {
          type: 'counter',
          help: 'What it is.',
          samples: [
            { name: 'a_total', labels: { b: 'x"\\\n', c: 'y' }, value: 1500 },
            { name: 'a_total', labels: {}, value: 2 },
          ],
        },
      ],
    ]),
  );
});

test.each([
  ['no line feed at the end', 'a 1'],
  ['a sample of no family', 'a_total 1\n'],
  ['a sample of another family', counter('b_total 1')],
  ['a type without help', '# TYPE a_total counter\n'],
  ['a family twice', counter() + counter()],
  ['a type nobody knows', '# HELP a x\n# TYPE a thing\na 1\n'],
  ['a counter without its ending', '# HELP a x\n# TYPE a counter\na 1\n'],
  ['a series twice', counter('a_total{b="1",c="2"} 1', 'a_total{c="2",b="1"} 1')],
  ['a label twice', counter('a_total{b="1",b="2"} 1')],
  ['a quote that is not escaped', counter('a_total{b="1"2"} 1')],
  ['a label without quotes', counter('a_total{b=1} 1')],
  ['no number', counter('a_total one')],
  [
    'buckets that shrink',
    histogram('a_seconds_bucket{le="1"} 2', 'a_seconds_bucket{le="+Inf"} 1', 'a_seconds_count 1'),
  ],
  ['buckets without an end', histogram('a_seconds_bucket{le="1"} 1', 'a_seconds_count 1')],
  ['a count that is another', histogram('a_seconds_bucket{le="+Inf"} 1', 'a_seconds_count 2')],
])('%s is an error', (_name, text) => {
  expect(() => parseExposition(text)).toThrow(/./);
});
