/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // A slow machine is no failure.
  testTimeout: 30_000,
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  setupFiles: ['<rootDir>/config/jest-setup.mjs'],
  moduleNameMapper: {
    '^llm-prefix-router$': '<rootDir>/lib/index.ts',
    '^llm-prefix-router/(.*)$': '<rootDir>/lib/$1/index.ts',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  reporters: ['default', '<rootDir>/config/jest-summary.cjs'],
  collectCoverageFrom: ['lib/**/*.ts', '!lib/dashboard/page/**'],
};
