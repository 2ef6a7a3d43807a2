import type { ErrorBody } from '../../../lib/errors.ts';
import type { ResponseHeaders } from '../../../lib/providers/provider.ts';
import { CREATED, provider, streamOf, errorOf } from './support.ts';

interface Shown {
  readonly status: number | undefined;
  readonly headers: object | undefined;
  readonly body: ErrorBody | undefined;
}

function shown(status: number, body: unknown, headers: ResponseHeaders = {}): Shown {
  const error = provider.toError({ status, headers, body });
  return { status: error?.status, headers: error?.headers, body: error?.toBody() };
}

const said = (type: string, message: string, details?: object): object => ({
  type: 'error',
  error: { type, message, ...(details && { details }) },
});

/** Status, type, code, message and param of an error of Anthropic's. */
function row(status: number, type: string, message = 'M', details?: object): unknown[] {
  const { status: ours, body } = shown(status, said(type, message, details));
  return [ours, body?.error.type, body?.error.code, body?.error.message, body?.error.param];
}

const REFUSED = 'invalid_request_error';
const KEY = 'Anthropic refused the API key of this server. Check ANTHROPIC_API_KEY.';
const KEEP =
  "Keep system and earlier messages, tools, tool_choice's allowed tools and response_format as they were, or send the conversation without its thinking (`thinking_blocks` and `content_blocks`, or `reasoning` items).";
const AUTO =
  "Ask with tool_choice 'auto', or for JSON with response_format 'json_schema' (on /v1/responses: text.format).";
const LATER = 'Rate limit exceeded. Please retry later.';

test.each<[number, string, string, unknown[]]>([
  [400, REFUSED, 'M', [400, REFUSED, null, 'M', null]],
  [
    400,
    REFUSED,
    'max_tokens: 128001 > 128000',
    [400, REFUSED, null, 'max_tokens: 128001 > 128000', 'max_tokens'],
  ],
  [
    400,
    REFUSED,
    'messages.0.content.1: no',
    [400, REFUSED, null, 'messages.0.content.1: no', 'messages.0.content.1'],
  ],
  [
    400,
    REFUSED,
    'tool_choice: type "tool" and "any" are not supported for this model.',
    [
      400,
      REFUSED,
      null,
      `tool_choice: type "tool" and "any" are not supported for this model. ${AUTO}`,
      'tool_choice',
    ],
  ],
  [
    400,
    REFUSED,
    'prompt is too long: 212164 tokens > 199999 maximum',
    [400, REFUSED, 'context_length_exceeded', 'prompt is too long: 212164 tokens > 199999 maximum', null],
  ],
  [
    400,
    REFUSED,
    'Your credit balance is too low to access the API.',
    [
      402,
      'insufficient_quota',
      'insufficient_quota',
      'Your credit balance is too low to access the API.',
      null,
    ],
  ],
  [
    400,
    REFUSED,
    'You have reached your specified workspace API usage limits.',
    [
      402,
      'insufficient_quota',
      'insufficient_quota',
      'You have reached your specified workspace API usage limits.',
      null,
    ],
  ],
  [
    401,
    'authentication_error',
    'invalid x-api-key sk-ant-abc',
    [401, 'authentication_error', 'provider_key_invalid', KEY, null],
  ],
  [402, 'billing_error', 'M', [402, 'insufficient_quota', 'insufficient_quota', 'M', null]],
  [403, 'permission_error', 'M', [403, 'permission_error', 'permission_denied', 'M', null]],
  [
    404,
    'not_found_error',
    'model: claude-3-opus',
    [404, REFUSED, 'model_not_found', 'model: claude-3-opus', 'model'],
  ],
  [404, 'not_found_error', 'Not found', [404, REFUSED, 'not_found', 'Not found', null]],
  [404, 'not_found_error', 'container: gone', [404, REFUSED, 'not_found', 'container: gone', 'container']],
  [405, 'invalid_request_error', 'M', [405, REFUSED, REFUSED, 'M', null]],
  [408, 'timeout_error', 'M', [408, REFUSED, 'timeout_error', 'M', null]],
  [409, 'conflict_error', 'M', [409, REFUSED, 'conflict_error', 'M', null]],
  [422, 'invalid_request_error', 'M', [422, REFUSED, REFUSED, 'M', null]],
  [
    413,
    'request_too_large',
    'M',
    [413, REFUSED, 'request_too_large', 'The request is larger than the 32 MB that Anthropic takes.', null],
  ],
  [429, 'rate_limit_error', 'M', [429, 'rate_limit_error', 'rate_limited', LATER, null]],
  [429, 'something_new', 'M', [429, 'rate_limit_error', 'rate_limited', LATER, null]],
  [500, 'api_error', 'M', [502, 'server_error', 'provider_error', 'M', null]],
  [501, 'api_error', 'M', [502, 'server_error', 'provider_error', 'M', null]],
  [502, 'api_error', 'M', [502, 'server_error', 'provider_error', 'M', null]],
  [503, 'api_error', 'M', [503, 'server_error', 'provider_overloaded', 'M', null]],
  [504, 'timeout_error', 'M', [504, 'server_error', 'timeout', 'M', null]],
  [520, 'api_error', 'M', [502, 'server_error', 'provider_error', 'M', null]],
  [526, 'api_error', 'M', [502, 'server_error', 'provider_error', 'M', null]],
  [529, 'overloaded_error', 'M', [503, 'server_error', 'provider_overloaded', 'M', null]],
  [302, 'something', 'M', [502, 'server_error', 'provider_error', 'M', null]],
])('%i %s, %s', (status, type, message, out) => {
  expect(row(status, type, message)).toEqual(out);
});

describe('what to do is said behind the words of the cloud', () => {
  test.each<[string, string]>([
    ['messages.1.content.0: Invalid `signature` in `thinking` block', `. ${KEEP}`],
    [
      'messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation.',
      ` ${KEEP}`,
    ],
    ['Thinking blocks with an INVALID signature were sent.', ` ${KEEP}`],
    ['messages.3: This block is bound\nto another conversation', `. ${KEEP}`],
    ['Forced tool use (`tool_choice` "any") isn\'t supported by this model!', ` ${AUTO}`],
    ['tool_choice: Type "tool" is Not Supported for claude-x', `. ${AUTO}`],
  ])('%s', (message, advice) => {
    const { body } = shown(400, said(REFUSED, message));
    expect([body?.error.message, body?.error.provider_error?.message]).toEqual([message + advice, message]);
  });

  test.each([
    'messages.1.content.0.thinking.signature: Field required',
    'messages.1.content.0.thinking.signature: Input should be a valid string',
    'thinking: Input tag is invalid',
    'Thinking may not be enabled when tool_choice forces tool use.',
    'tool_choice: disable_parallel_tool_use is not supported for this model.',
    "tool_choice: Tool 'f' not found in provided tools",
    '"thinking.type.enabled" is not supported for this model',
  ])('and not behind others: %s', (message) => {
    expect(shown(400, said(REFUSED, message)).body?.error.message).toBe(message);
  });

  test('nor where the status is another', () => {
    const message = 'Invalid `signature` in `thinking` block';
    expect(shown(500, said('api_error', message)).body?.error.message).toBe(message);
  });
});

test.each(['enforced_spend_limit_reached', 'contract_spend_limit_reached'])(
  'a 429 with %s is no reason to try again',
  (error_code) => {
    const { status, headers, body } = shown(429, said('rate_limit_error', 'cap', { error_code }));
    expect({
      status,
      headers,
      code: body?.error.code,
      message: body?.error.message,
      provider_error: body?.error.provider_error,
    }).toEqual({
      status: 429,
      headers: { 'x-should-retry': 'false' },
      code: 'insufficient_quota',
      message: 'cap',
      provider_error: { status: 429, type: 'rate_limit_error', code: error_code, message: 'cap' },
    });
  },
);

test('a 429 with another code is a matter of waiting', () => {
  expect(
    shown(429, said('rate_limit_error', 'M', { error_code: 'something_new' })).body?.error,
  ).toMatchObject({
    code: 'rate_limited',
    provider_error: { code: 'something_new' },
  });
});

test.each([
  ['59.2', 'Rate limit exceeded. Please retry after 60 seconds.'],
  ['0', 'Rate limit exceeded. Please retry after 0 seconds.'],
  ['soon', LATER],
  ['-1', LATER],
])('a 429 with retry-after %s says how long, in whole seconds', (wait, message) => {
  const { headers, body } = shown(429, said('rate_limit_error', 'M'), { 'retry-after': wait });
  expect([headers, body?.error.message]).toEqual([{ 'retry-after': wait }, message]);
});

test('a wait passes with other errors too', () => {
  expect(shown(529, said('overloaded_error', 'M'), { 'retry-after': '7' }).headers).toEqual({
    'retry-after': '7',
  });
});

test('a refused key shows nothing that Anthropic said: its words can hold a part of the key', () => {
  const { body } = shown(401, {
    ...said('authentication_error', 'invalid x-api-key sk-ant-abc'),
    request_id: 'req_1',
  });
  expect(body).toEqual({
    error: {
      message: KEY,
      type: 'authentication_error',
      param: null,
      code: 'provider_key_invalid',
      provider: 'anthropic',
      provider_error: { status: 401, type: 'authentication_error', request_id: 'req_1' },
    },
  });
});

describe('what Anthropic said is kept', () => {
  const kept = (body: unknown, headers: ResponseHeaders = {}): unknown =>
    shown(500, body, headers).body?.error;
  const base = { type: 'server_error', param: null, code: 'provider_error', provider: 'anthropic' };

  test.each<[string, unknown, ResponseHeaders, object]>([
    [
      'with the id of the body',
      { ...said('api_error', 'M'), request_id: 'r1' },
      { 'request-id': 'r2' },
      { message: 'M', provider_error: { status: 500, type: 'api_error', message: 'M', request_id: 'r1' } },
    ],
    [
      'with the id of the header',
      { ...said('api_error', 'M'), request_id: null },
      { 'request-id': 'r2' },
      { message: 'M', provider_error: { status: 500, type: 'api_error', message: 'M', request_id: 'r2' } },
    ],
    [
      'from another form of JSON',
      { message: 'M' },
      {},
      { message: 'M', provider_error: { status: 500, message: 'M' } },
    ],
    [
      'from text, 200 characters of it',
      `<html>${'x'.repeat(500)}`,
      {},
      {
        message: 'Anthropic answered HTTP 500.',
        provider_error: { status: 500, message: `<html>${'x'.repeat(194)}` },
      },
    ],
    ['from nothing', '', {}, { message: 'Anthropic answered HTTP 500.', provider_error: { status: 500 } }],
    ['from null', null, {}, { message: 'Anthropic answered HTTP 500.', provider_error: { status: 500 } }],
    ['from a list', [1], {}, { message: 'Anthropic answered HTTP 500.', provider_error: { status: 500 } }],
    [
      'from nonsense',
      { error: { type: 5, message: {}, details: 'd' }, request_id: 5 },
      { 'request-id': ['a'] },
      { message: 'Anthropic answered HTTP 500.', provider_error: { status: 500 } },
    ],
  ])('%s', (_name, body, headers, out) => {
    expect(kept(body, headers)).toEqual({ ...base, ...out });
  });
});

describe('an error event in a stream has the same type and code', () => {
  test.each<[string, number, string]>([
    ['invalid_request_error', 400, REFUSED],
    ['authentication_error', 401, 'authentication_error'],
    ['billing_error', 402, 'insufficient_quota'],
    ['permission_error', 403, 'permission_error'],
    ['not_found_error', 404, REFUSED],
    ['conflict_error', 409, REFUSED],
    ['request_too_large', 413, REFUSED],
    ['rate_limit_error', 429, 'rate_limit_error'],
    ['api_error', 502, 'server_error'],
    ['timeout_error', 504, 'server_error'],
    ['overloaded_error', 503, 'server_error'],
    ['something_new', 502, 'server_error'],
  ])('%s', (type, status, ours) => {
    const error = errorOf(() => streamOf([said(type, 'M')]));
    expect([error.status, error.type, error.provider]).toEqual([status, ours, 'anthropic']);
  });

  test('even where it says nothing', () => {
    const error = errorOf(() => streamOf([{ type: 'error' }]));
    expect([error.status, error.message, error.providerError]).toEqual([
      502,
      'Anthropic reported an error.',
      {},
    ]);
  });
});

describe('headers', () => {
  const at = (seconds: number): string => new Date((CREATED + seconds) * 1000).toISOString();

  test('are translated to the names that SDKs of OpenAI read', () => {
    const headers = {
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': at(59),
      'anthropic-ratelimit-tokens-limit': '5000',
      'anthropic-ratelimit-tokens-remaining': '4000',
      'anthropic-ratelimit-tokens-reset': at(360),
      'anthropic-ratelimit-input-tokens-limit': '1',
      'request-id': 'req_1',
      'set-cookie': ['a=b'],
      'anthropic-organization-id': 'org',
    };
    expect(provider.toHeaders?.(headers, CREATED)).toEqual({
      'x-ratelimit-limit-requests': '50',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '59s',
      'x-ratelimit-limit-tokens': '5000',
      'x-ratelimit-remaining-tokens': '4000',
      'x-ratelimit-reset-tokens': '6m0s',
      'x-request-id': 'req_1',
    });
  });

  test.each<[string, string | undefined]>([
    [at(0), '0s'],
    [at(-100), '0s'],
    [at(0.2), '1s'],
    [at(60), '1m0s'],
    [at(3600), '1h0m0s'],
    [at(90_061), '25h1m1s'],
    ['tomorrow', undefined],
  ])('a reset at %s is in %s', (reset, duration) => {
    expect(
      provider.toHeaders?.({ 'anthropic-ratelimit-tokens-reset': reset }, CREATED)[
        'x-ratelimit-reset-tokens'
      ],
    ).toBe(duration);
  });

  test('that are not there are not made up', () => {
    expect(provider.toHeaders?.({}, CREATED)).toEqual({});
  });
});
