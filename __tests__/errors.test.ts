import { inspect } from 'node:util';
import { rateLimitMessage, RouterError, type Failure } from '../lib/errors.ts';

test.each<[Failure, number, string, string | null]>([
  ['api_key_missing', 401, 'authentication_error', 'api_key_missing'],
  ['provider_key_invalid', 401, 'authentication_error', 'provider_key_invalid'],
  ['invalid_api_key', 401, 'authentication_error', 'invalid_api_key'],
  ['unknown_prefix', 400, 'invalid_request_error', 'unknown_prefix'],
  ['invalid_json', 400, 'invalid_request_error', 'invalid_json'],
  ['invalid_model', 400, 'invalid_request_error', 'invalid_model'],
  ['invalid_value', 400, 'invalid_request_error', 'invalid_value'],
  ['unsupported_parameter', 400, 'invalid_request_error', 'unsupported_parameter'],
  ['unsupported_endpoint', 400, 'invalid_request_error', 'unsupported_endpoint'],
  ['request_refused', 400, 'invalid_request_error', null],
  ['request_too_large', 413, 'invalid_request_error', 'request_too_large'],
  ['credit_used_up', 402, 'insufficient_quota', 'insufficient_quota'],
  ['rate_limited', 429, 'rate_limit_error', 'rate_limited'],
  ['quota_used_up', 429, 'insufficient_quota', 'insufficient_quota'],
  ['permission_denied', 403, 'permission_error', 'permission_denied'],
  ['provider_overloaded', 503, 'server_error', 'provider_overloaded'],
  ['provider_error', 502, 'server_error', 'provider_error'],
  ['provider_unreachable', 502, 'server_error', 'provider_unreachable'],
  ['timeout', 504, 'server_error', 'timeout'],
  ['shutting_down', 503, 'server_error', 'shutting_down'],
  ['no_local_node', 503, 'server_error', 'no_local_node'],
  ['stream_interrupted', 502, 'server_error', 'stream_interrupted'],
])('%s is HTTP %d, %s, %s', (failure, status, type, code) => {
  const error = new RouterError(failure, { message: 'What happened.' });
  expect([error.failure, error.status, error.name, error.message]).toEqual([
    failure,
    status,
    'RouterError',
    'What happened.',
  ]);
  expect(error.toBody()).toEqual({ error: { message: 'What happened.', type, param: null, code } });
  expect([error.headers, Object.hasOwn(error, 'cause')]).toEqual([{}, false]);
});

const cause = new Error('underneath');
const full = new RouterError('request_refused', {
  message: 'No.',
  param: 'messages[0]',
  hint: 'Try this.',
  provider: 'google',
  providerError: { status: 404, type: 't', code: 'c', message: 'm', request_id: 'r' },
  status: 404,
  code: 'model_not_found',
  headers: { 'retry-after': '3' },
  cause,
});

test('an error with everything tells everything but its cause', () => {
  expect(full.toBody()).toEqual({
    error: {
      message: 'No.',
      type: 'invalid_request_error',
      param: 'messages[0]',
      code: 'model_not_found',
      hint: 'Try this.',
      provider: 'google',
      provider_error: { status: 404, type: 't', code: 'c', message: 'm', request_id: 'r' },
    },
  });
  expect([full.status, full.headers, full.cause]).toEqual([404, { 'retry-after': '3' }, cause]);
});

test('a code of null replaces the row’s', () => {
  expect(new RouterError('timeout', { message: 'm', code: null }).code).toBeNull();
});

test('the same trouble as another row keeps all but status, type and code', () => {
  const other = full.as('provider_error');
  expect(other.toBody()).toEqual({
    error: { ...full.toBody().error, type: 'server_error', code: 'provider_error' },
  });
  expect([other.failure, other.status, other.headers, other.cause]).toEqual([
    'provider_error',
    502,
    { 'retry-after': '3' },
    full,
  ]);
});

test('details added to an error stand over its own', () => {
  const same = full.with({});
  expect(same.toBody()).toEqual(full.toBody());
  expect([same.failure, same.status, same.headers, same.cause]).toEqual([
    'request_refused',
    404,
    { 'retry-after': '3' },
    full,
  ]);
  const changed = full.with({ message: 'Other.', provider: 'openai', headers: {} });
  expect(changed.toBody()).toEqual({
    error: { ...full.toBody().error, message: 'Other.', provider: 'openai' },
  });
  expect(changed.headers).toEqual({});
});

test('a bare error stays bare in every form', () => {
  const bare = new RouterError('timeout', { message: 'Late.' });
  const body = { error: { message: 'Late.', type: 'server_error', param: null, code: 'timeout' } };
  expect([bare.with({}).toBody(), bare.as('timeout').toBody()]).toEqual([body, body]);
  expect(Object.keys(bare.with({}).toBody().error)).toEqual(['message', 'type', 'param', 'code']);
  expect(Object.keys(bare.as('timeout').toBody().error)).toEqual(['message', 'type', 'param', 'code']);
  expect(inspect(bare)).toContain('Late.');
});

test.each<[number | undefined, string]>([
  [undefined, 'Rate limit exceeded. Please retry later.'],
  [0, 'Rate limit exceeded. Please retry after 0 seconds.'],
  [1, 'Rate limit exceeded. Please retry after 1 seconds.'],
  [60_000, 'Rate limit exceeded. Please retry after 60 seconds.'],
  [60_001, 'Rate limit exceeded. Please retry after 61 seconds.'],
])('a wait of %s ms is told as: %s', (ms, sentence) => {
  expect(rateLimitMessage(ms)).toBe(sentence);
});
