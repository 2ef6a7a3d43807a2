/** What is mutated, and by which tests it must be caught. @type {Record<string, { files: string[], tests: string[] }>} */
export const GROUPS = {
  model: {
    files: ['lib/model.ts', 'lib/model-options.ts', 'lib/local-names.ts', 'lib/spelling.ts'],
    tests: ['model.test.ts'],
  },
  body: {
    files: ['lib/body.ts', 'lib/body-*.ts'],
    tests: ['read-body.test.ts', 'beside-the-host.test.ts', 'other-servers.test.ts'],
  },
  skip: {
    files: ['lib/json-skip.ts', 'lib/json-skip-loop.ts'],
    tests: ['json-skip.test.ts', 'without-webassembly.test.ts'],
  },
  numbers: {
    files: ['lib/openai/exact-*.ts'],
    tests: ['openai/exact-*.test.ts'],
  },
  errors: {
    files: ['lib/errors.ts', 'lib/providers/*/error.ts'],
    tests: ['errors.test.ts', 'providers/*/error.test.ts'],
  },
  pieces: {
    files: ['lib/transport/join.ts', 'lib/openai/byte-tail.ts'],
    tests: ['join.test.ts', 'openai/byte-tail.test.ts'],
  },
  anthropic: {
    files: ['lib/providers/anthropic/{request,response,stream,event}.ts'],
    tests: ['providers/anthropic/{event,request,response,stream,vectors}.test.ts'],
  },
  google: {
    files: ['lib/providers/google/{request,response,stream,event}.ts'],
    tests: ['providers/google/{event,fields,generation,response,stream,vectors}.test.ts'],
  },
};
