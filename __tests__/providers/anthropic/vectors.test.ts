/** Every vector of the mapping, as data: requests, answers, streams, errors, models. */
import { RouterError } from '../../../lib/errors.ts';
import type { ChatRequest, JsonObject } from '../../../lib/openai/types.ts';
import type { ErrorAnswer } from '../../../lib/providers/provider.ts';
import { toClientHeaders } from '../../../lib/transport/headers.ts';
import {
  answerTo,
  chat,
  convert,
  CREATED,
  errorOf,
  metaFor,
  provider,
  streamOf,
  vectors,
  type Vector,
} from './support.ts';

const table = (...kinds: string[]): [string, Vector][] =>
  vectors(...kinds).map((vector) => [vector.id, vector]);

test('there are as many vectors as the mapping has', () => {
  expect(
    vectors('request', 'request-error', 'response', 'stream', 'stream-http-error', 'error', 'models'),
  ).toHaveLength(48);
});

test.each(table('request'))('request %s converts', (_id, vector) => {
  expect(convert(vector.in as ChatRequest)).toEqual({ body: vector.out, dropped: vector.dropped });
});

test.each(table('request-error'))('request %s is refused', (_id, vector) => {
  const error = errorOf(() => convert(vector.in as ChatRequest));
  expect({ status: error.status, type: error.type, code: error.code, param: error.param }).toEqual(
    vector.out,
  );
});

test.each(table('response'))('answer %s converts', (_id, vector) => {
  const completion = answerTo(vector.in);
  const [choice] = completion.choices;
  const isWhole = Object.hasOwn(vector.out as object, 'choices');
  expect(isWhole ? completion : { finish_reason: choice?.finish_reason, message: choice?.message }).toEqual(
    isWhole ? { created: CREATED, ...(vector.out as object) } : vector.out,
  );
});

/** What the corridor writes around the choices of a stream. */
function written(vector: Vector): unknown[] {
  const lines: unknown[] = [];
  try {
    const { parts, stream } = streamOf(vector.in as unknown[]);
    lines.push(...parts);
    if (vector.include_usage === true) lines.push({ choices: [], usage: stream.usage });
    lines.push('[DONE]');
  } catch (error) {
    if (!(error instanceof RouterError)) throw error;
    lines.push(...partsBeforeError(vector.in as unknown[]), error.toBody());
  }
  return lines.filter((line) => typeof line !== 'symbol').map(withoutIndex);
}

function partsBeforeError(events: readonly unknown[]): unknown[] {
  const stream = chat().createStream(metaFor());
  return events.slice(0, -1).flatMap((event) => stream.push(event));
}

function withoutIndex(line: unknown): unknown {
  if (typeof line !== 'object' || line === null || !('delta' in line)) return line;
  const { index, ...rest } = line as JsonObject;
  expect(index).toBe(0);
  return rest;
}

test.each(table('stream'))('stream %s converts', (_id, vector) => {
  expect(written(vector)).toEqual(vector.out);
});

test.each(table('stream-http-error'))('stream %s is an HTTP error', (_id, vector) => {
  const error = errorOf(() => streamOf(vector.in as unknown[]));
  expect({ status: error.status, ...error.toBody() }).toEqual(vector.out);
});

test.each(table('error'))('error %s converts', (_id, vector) => {
  const answer = vector.in as ErrorAnswer;
  const error = provider.toError(answer);
  const headers = {
    ...toClientHeaders(answer.headers),
    ...provider.toHeaders?.(answer.headers, CREATED),
    ...error?.headers,
  };
  expect({ status: error?.status, headers, body: error?.toBody() }).toEqual(vector.out);
});

test.each(table('models'))('list %s converts', (_id, vector) => {
  const { models, next } = provider.modelList.toModels(vector.in);
  expect(next).toBeUndefined();
  const data = models.map((model) => ({ ...model, id: `${provider.prefix}:${model.id}` }));
  expect({ object: 'list', data }).toEqual(vector.out);
});
