import fc from 'fast-check';
import type { JsonObject } from '../../../lib/openai/types.ts';
import { google } from '../../../lib/providers/google/index.ts';
import type { ResponseHeaders } from '../../../lib/providers/provider.ts';
import { streamEvents } from './support.ts';

interface Told {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly providerError: unknown;
}

function told(status: number, body: unknown, headers: ResponseHeaders = {}): Told {
  const error = google().toError({ status, headers, body });
  if (error === undefined) throw new Error('nothing was told');
  return error;
}

const body = (code: number, status: string, message = 'm', details: JsonObject[] = []): JsonObject => ({
  error: { code, message, status, ...(details.length > 0 && { details }) },
});

const RETRY = (retryDelay: string): JsonObject => ({
  '@type': 'type.googleapis.com/google.rpc.RetryInfo',
  retryDelay,
});
const QUOTA = (quotaId: string, quotaValue = '10'): JsonObject => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaId, quotaValue }],
});

describe('the table', () => {
  test.each<[number, string, number, string, string | null]>([
    [400, 'INVALID_ARGUMENT', 400, 'invalid_request_error', null],
    [400, 'FAILED_PRECONDITION', 400, 'invalid_request_error', 'failed_precondition'],
    [400, 'OUT_OF_RANGE', 400, 'invalid_request_error', 'out_of_range'],
    [401, 'UNAUTHENTICATED', 401, 'authentication_error', 'provider_key_invalid'],
    [402, 'RESOURCE_EXHAUSTED', 402, 'insufficient_quota', 'insufficient_quota'],
    [403, 'PERMISSION_DENIED', 403, 'permission_error', 'permission_denied'],
    [404, 'NOT_FOUND', 404, 'invalid_request_error', 'model_not_found'],
    [405, 'UNKNOWN', 400, 'invalid_request_error', null],
    [408, 'CANCELLED', 408, 'invalid_request_error', null],
    [409, 'ABORTED', 409, 'invalid_request_error', 'aborted'],
    [409, 'ALREADY_EXISTS', 409, 'invalid_request_error', 'already_exists'],
    [413, 'INVALID_ARGUMENT', 413, 'invalid_request_error', 'request_too_large'],
    [422, 'INVALID_ARGUMENT', 422, 'invalid_request_error', null],
    [429, 'RESOURCE_EXHAUSTED', 429, 'rate_limit_error', 'rate_limited'],
    [499, 'CANCELLED', 502, 'server_error', 'provider_error'],
    [500, 'INTERNAL', 502, 'server_error', 'provider_error'],
    [501, 'UNIMPLEMENTED', 502, 'server_error', 'provider_error'],
    [502, 'UNKNOWN', 502, 'server_error', 'provider_error'],
    [503, 'UNAVAILABLE', 503, 'server_error', 'provider_overloaded'],
    [504, 'DEADLINE_EXCEEDED', 504, 'server_error', 'timeout'],
    [529, 'UNAVAILABLE', 503, 'server_error', 'provider_overloaded'],
    [302, 'UNKNOWN', 502, 'server_error', 'provider_error'],
  ])('HTTP %i %s is %i %s %s', (upstream, name, status, type, code) => {
    const error = told(upstream, body(upstream, name));
    expect([error.status, error.type, error.code]).toEqual([status, type, code]);
  });

  test.each<[string, number, number, string | null]>([
    ['INVALID_ARGUMENT', 400, 400, null],
    ['FAILED_PRECONDITION', 400, 400, 'failed_precondition'],
    ['OUT_OF_RANGE', 400, 400, 'out_of_range'],
    ['UNAUTHENTICATED', 401, 401, 'provider_key_invalid'],
    ['PERMISSION_DENIED', 403, 403, 'permission_denied'],
    ['NOT_FOUND', 404, 404, 'model_not_found'],
    ['ABORTED', 409, 409, 'aborted'],
    ['ALREADY_EXISTS', 409, 409, 'already_exists'],
    ['RESOURCE_EXHAUSTED', 429, 429, 'rate_limited'],
    ['RESOURCE_EXHAUSTED', 402, 402, 'insufficient_quota'],
    ['CANCELLED', 499, 502, 'provider_error'],
    ['INTERNAL', 500, 502, 'provider_error'],
    ['UNKNOWN', 500, 502, 'provider_error'],
    ['DATA_LOSS', 500, 502, 'provider_error'],
    ['UNIMPLEMENTED', 501, 502, 'provider_error'],
    ['UNAVAILABLE', 503, 503, 'provider_overloaded'],
    ['DEADLINE_EXCEEDED', 504, 504, 'timeout'],
  ])('%s inside a stream is the same', (name, code, status, ourCode) => {
    // The name counts even where the number says something else; 402 is the one with a meaning of its own.
    for (const number of new Set([code, code === 402 ? 402 : 418])) {
      const { error } = streamEvents([body(number, name)]);
      expect([error?.status, error?.code]).toEqual([status, ourCode]);
    }
  });

  test('a name nobody knows falls back to the number, and no number is a failure of Google', () => {
    expect(streamEvents([body(503, 'NEW')]).error?.code).toBe('provider_overloaded');
    expect(streamEvents([{ error: {} }]).error?.toBody()).toEqual({
      error: {
        message: 'Google reported an error (500).',
        type: 'server_error',
        param: null,
        code: 'provider_error',
        provider_error: { status: 500, message: 'Google reported an error (500).' },
      },
    });
  });
});

describe('what is told', () => {
  test("Google's sentence, and what it said as it said it", () => {
    expect(told(404, body(404, 'NOT_FOUND', 'models/x is not found'))).toMatchObject({
      message: 'models/x is not found',
      providerError: { status: 404, code: 'NOT_FOUND', message: 'models/x is not found' },
    });
  });

  test.each<[string, number, JsonObject]>([
    ['401', 401, body(401, 'UNAUTHENTICATED', 'Request had invalid credentials AIzaSECRET.')],
    ['a reason', 400, body(400, 'INVALID_ARGUMENT', 'no', [{ reason: 'API_KEY_INVALID' }])],
    [
      'an invalid key',
      400,
      body(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key: AIzaSECRET'),
    ],
    ['an expired key', 400, body(400, 'INVALID_ARGUMENT', 'API key expired. Please renew the API key.')],
    ['two keys', 400, body(400, 'INVALID_ARGUMENT', 'Multiple authentication credentials received.')],
  ])('a refused key (%s) is told without a word of Google', (_name, status, answer) => {
    const error = told(status, answer);
    expect([error.status, error.code, error.message]).toEqual([
      401,
      'provider_key_invalid',
      'Google refused the API key of this server. Check GOOGLE_API_KEY.',
    ]);
    expect(JSON.stringify([error.providerError, error.headers])).not.toContain('SECRET');
    expect(error.providerError).not.toHaveProperty('message');
  });

  test('what only looks like a refused key is none', () => {
    const words = 'The function `API key expired` is unknown.';
    expect(told(400, body(400, 'INVALID_ARGUMENT', words))).toMatchObject({ code: null, message: words });
    const details = [null, 'API_KEY_INVALID', { reason: 'OTHER' }] as unknown as JsonObject[];
    expect(told(400, body(400, 'INVALID_ARGUMENT', 'm', details)).code).toBeNull();
    const elsewhere = body(403, 'PERMISSION_DENIED', 'API key not valid', [{ reason: 'API_KEY_INVALID' }]);
    expect(told(403, elsewhere).code).toBe('permission_denied');
  });

  test('a context that is too long has both of its words', () => {
    const codes = ['The input token count is wrong.', 'The size exceeds the maximum.'].map(
      (message) => told(400, body(400, 'INVALID_ARGUMENT', message)).code,
    );
    expect(codes).toEqual([null, null]);
  });

  test('a conflict without a name has no code', () => {
    expect(told(409, { error: { message: 'm' } })).toMatchObject({ status: 409, code: null });
  });

  test('a key in a URL is masked', () => {
    const error = told(
      500,
      body(500, 'INTERNAL', 'POST https://g.example/v1?alt=sse&key=AIza.x-y&a=1 failed, KEY="s"'),
    );
    expect(error.message).toBe('POST https://g.example/v1?alt=sse&key=***&a=1 failed, KEY="s"');
    expect(error.providerError).toMatchObject({ message: error.message });
  });

  test.each<[string, unknown, string]>([
    [
      'HTML',
      '<html><head><style>p{color:red}</style></head><body><p>502 Bad\n Gateway</p></body></html>',
      'Google answered HTTP 502: 502 Bad Gateway',
    ],
    ['a long text', 'x'.repeat(500), `Google answered HTTP 502: ${'x'.repeat(200)}`],
    ['nothing', '', 'Google answered HTTP 502.'],
    ['an object without an error', { message: 'x' }, 'Google answered HTTP 502.'],
    ['an error that is a word', { error: 'x' }, 'Google answered HTTP 502.'],
    ['an empty list', [], 'Google answered HTTP 502.'],
    ['null', null, 'Google answered HTTP 502.'],
  ])('a body that is %s is told in a few words', (_name, answer, message) => {
    expect(told(502, answer)).toMatchObject({ code: 'provider_error', message });
  });

  test('a hostile page is cut before it is read', () => {
    expect(told(502, '<'.repeat(60_000)).message).toHaveLength('Google answered HTTP 502: '.length + 200);
  });
});

describe('waiting', () => {
  test.each<[string, JsonObject, ResponseHeaders, number]>([
    [
      'the header',
      body(429, 'RESOURCE_EXHAUSTED', 'retry in 9s', [RETRY('8s')]),
      { 'retry-after': '7' },
      7000,
    ],
    ['the details', body(429, 'RESOURCE_EXHAUSTED', 'retry in 9s', [RETRY('8.25s')]), {}, 8250],
    ['the words', body(429, 'RESOURCE_EXHAUSTED', 'Please retry in 9.5s.'), {}, 9500],
    ['words in milliseconds', body(429, 'RESOURCE_EXHAUSTED', 'Please retry in 836.29ms.'), {}, 837],
    ['words in hours', body(429, 'RESOURCE_EXHAUSTED', 'Please retry in 0h0m59.5s.'), {}, 59_500],
    [
      'a header that is a date: the details count',
      body(429, 'RESOURCE_EXHAUSTED', 'm', [RETRY('8s')]),
      { 'retry-after': 'Sun, 22 Nov 2026 10:00:00 GMT' },
      8000,
    ],
  ])('%s says how long', (_name, answer, headers, ms) => {
    const error = told(429, answer, headers);
    expect(error.headers).toEqual({
      'retry-after': String(Math.ceil(ms / 1000)),
      'retry-after-ms': String(ms),
    });
    expect(error.message).toBe(`Rate limit exceeded. Please retry after ${Math.ceil(ms / 1000)} seconds.`);
  });

  test('hours and minutes are counted', () => {
    const { headers } = told(429, body(429, 'RESOURCE_EXHAUSTED', 'Please retry in 1h2m3.5s.'));
    expect(headers).toEqual({
      'retry-after': '3724',
      'retry-after-ms': '3723500',
      'x-should-retry': 'false',
    });
  });

  test('without a word about it nothing is promised', () => {
    const error = told(429, body(429, 'RESOURCE_EXHAUSTED', 'Resource exhausted.', [RETRY('soon')]));
    expect([error.message, error.headers]).toEqual(['Rate limit exceeded. Please retry later.', {}]);
  });

  test.each([
    ['60s', undefined],
    ['60.001s', 'false'],
  ])('after a wait of %s the SDKs are told x-should-retry: %s', (delay, shouldRetry) => {
    const { headers } = told(429, body(429, 'RESOURCE_EXHAUSTED', 'm', [RETRY(delay)]));
    expect(headers['x-should-retry']).toBe(shouldRetry);
  });

  test.each<[string, JsonObject]>([
    ['the quota of the day is used up', QUOTA('GenerateRequestsPerDayPerProjectPerModel-FreeTier')],
    ['there is no quota at all', QUOTA('GenerateContentInputTokensPerModelPerMinute-FreeTier', '0')],
    ['the daily quota is used up', QUOTA('DailyRequests')],
  ])('when %s waiting does not help', (_name, quota) => {
    const error = told(429, body(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota.', [quota]));
    expect([error.status, error.type, error.code, error.message, error.headers]).toEqual([
      429,
      'insufficient_quota',
      'insufficient_quota',
      'You exceeded your current quota.',
      { 'x-should-retry': 'false' },
    ]);
  });

  test.each([
    ['limit: 0, model: gemini-3.1-pro', 'insufficient_quota'],
    ['limit: 0\nPlease retry in 52.9s.', 'insufficient_quota'],
    ['limit: 20, model: gemini-3.1-pro', 'rate_limited'],
    ['limit: 0.5', 'rate_limited'],
  ])('a limit of zero that is told in words alone is no quota at all: %j', (words, code) => {
    const quota = QUOTA('GenerateRequestsPerMinutePerProjectPerModel-FreeTier');
    const message = `You exceeded your current quota. * Quota exceeded for metric: free_tier_requests, ${words}`;
    expect(told(429, body(429, 'RESOURCE_EXHAUSTED', message, [quota, RETRY('52s')])).code).toBe(code);
  });

  test('a quota of the minute is a rate limit', () => {
    const quota = QUOTA('GenerateRequestsPerMinutePerProjectPerModel');
    expect(told(429, body(429, 'RESOURCE_EXHAUSTED', 'm', [quota])).code).toBe('rate_limited');
  });

  test('an overloaded cloud that names a delay is told with it', () => {
    expect(told(503, body(503, 'UNAVAILABLE', 'm', [RETRY('2s')])).headers).toEqual({
      'retry-after': '2',
      'retry-after-ms': '2000',
    });
  });
});

test('no body and no headers make it throw', () => {
  const hostile = fc.oneof(
    fc.jsonValue(),
    fc.record({ error: fc.jsonValue() }),
    fc.array(fc.record({ error: fc.dictionary(fc.string(), fc.jsonValue()) })),
    fc.string(),
  );
  const headers = fc.dictionary(
    fc.constantFrom('retry-after', 'x'),
    fc.oneof(fc.string(), fc.array(fc.string())),
  );
  fc.assert(
    fc.property(fc.integer({ min: 300, max: 599 }), hostile, headers, (status, answer, answerHeaders) => {
      expect(told(status, answer, answerHeaders).status).toBeGreaterThanOrEqual(400);
    }),
  );
});
