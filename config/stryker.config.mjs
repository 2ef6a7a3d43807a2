/**
 * Mutation testing of one group of files, against the tests that are theirs: Stryker starts every file of tests anew
 * for each mutant, so that all of them would take days. `config/mutation.mjs` runs the groups.
 */
import { GROUPS } from './mutation-groups.mjs';

const name = process.env['MUTATION_GROUP'] ?? '';
const group = GROUPS[name];
if (group === undefined)
  throw new Error(`MUTATION_GROUP must name one of ${Object.keys(GROUPS).join(', ')}.`);

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  tsconfigFile: 'no-tsconfig.json',
  coverageAnalysis: 'perTest',
  concurrency: 2,
  maxTestRunnerReuse: 60,
  timeoutMS: 10_000,
  timeoutFactor: 2,
  incremental: true,
  incrementalFile: `reports/mutation/${name}.incremental.json`,
  reporters: ['progress-append-only', 'json', 'html'],
  jsonReporter: { fileName: `reports/mutation/${name}.json` },
  htmlReporter: { fileName: `reports/mutation/${name}.html` },
  warnings: { slow: false },
  thresholds: { high: 95, low: 85, break: null },
  ignorePatterns: ['bench', 'dist', 'reports', 'coverage'],
  mutate: group.files,
  jest: {
    projectType: 'custom',
    configFile: 'jest.config.js',
    enableFindRelatedTests: false,
    config: {
      reporters: [],
      testMatch: group.tests.map((file) => `<rootDir>/__tests__/${file}`),
      // Many a mutant waits for ever.
      testTimeout: 3_000,
    },
  },
};
