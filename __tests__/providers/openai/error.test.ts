import type { ErrorBody } from '../../../lib/errors.ts';
import { toError } from '../../../lib/providers/openai/error.ts';

interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly error: ErrorBody['error'];
}

/** What a client would be told; undefined: the cloud's own bytes. */
function tell(status: number, body: unknown, headers: Record<string, string> = {}): Told | undefined {
  const error = toError({ status, headers, body });
  return error && { status: error.status, headers: error.headers, error: error.toBody().error };
}

const said = (message: unknown, type: unknown = 'some_type', code: unknown = null): object => ({
  error: { message, type, code },
});

test.each([400, 403, 404])('%d in OpenAI’s form passes as it is', (status) => {
  expect(tell(status, said('No.'))).toBeUndefined();
});

test.each([
  [400, 'invalid_request_error', null],
  [403, 'permission_error', 'permission_denied'],
  [404, 'invalid_request_error', null],
  [408, 'invalid_request_error', null],
  [409, 'invalid_request_error', null],
  [413, 'invalid_request_error', 'request_too_large'],
  [422, 'invalid_request_error', null],
  [402, 'insufficient_quota', 'insufficient_quota'],
  [500, 'server_error', 'provider_error'],
  [502, 'server_error', 'provider_error'],
  [503, 'server_error', 'provider_overloaded'],
  [504, 'server_error', 'timeout'],
  [529, 'server_error', 'provider_overloaded'],
])('%d in any other form is %s, %s', (status, type, code) => {
  for (const body of ['<html>', '', null, [], { error: 'text' }, { error: null }]) {
    const message = `OpenAI answered HTTP ${status}.`;
    expect(tell(status, body)?.error).toEqual({
      message,
      type,
      param: null,
      code,
      provider_error: { status, message },
    });
  }
});

test.each([408, 409, 422])('%d keeps OpenAI’s sentence, and its code as ours', (status) => {
  expect(tell(status, said('Conflict.', 'a_type', 'a_code'))).toEqual({
    status,
    headers: {},
    error: {
      message: 'Conflict.',
      type: 'invalid_request_error',
      param: null,
      code: 'a_code',
      provider_error: { status, type: 'a_type', code: 'a_code', message: 'Conflict.' },
    },
  });
  expect(tell(status, said('Conflict.', 'a_type'))?.error.code).toBe('a_type');
  expect(tell(status, said('Conflict.', ''))?.error).toMatchObject({
    code: null,
    provider_error: { status, message: 'Conflict.' },
  });
});

test.each([418, 451, 499])('%d is a refusal like any other', (status) => {
  expect(tell(status, said('Odd.'))).toMatchObject({
    status: 400,
    error: { type: 'invalid_request_error', message: 'Odd.', code: null },
  });
});

test('a refused key is told without a word of OpenAI’s', () => {
  expect(tell(401, said('Incorrect API key provided: sk-1***9.', 'x', 'invalid_api_key'))).toEqual({
    status: 401,
    headers: {},
    error: {
      message: 'OpenAI refused the API key of this server. Check OPENAI_API_KEY.',
      type: 'authentication_error',
      param: null,
      code: 'provider_key_invalid',
      provider_error: { status: 401 },
    },
  });
});

test.each([
  ['insufficient_quota', null],
  ['billing_hard_limit_reached', null],
  ['x', 'insufficient_quota'],
  ['x', 'billing_hard_limit_reached'],
])('429 of type %s and code %s: waiting does not help', (type, code) => {
  expect(tell(429, said('Spent.', type, code), { 'retry-after': '5' })).toMatchObject({
    status: 429,
    headers: { 'x-should-retry': 'false' },
    error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'Spent.' },
  });
});

test.each<[string, Record<string, string>, string, number | undefined]>([
  ['milliseconds in a header', { 'retry-after-ms': '1500', 'retry-after': '9' }, 'Slow.', 2],
  ['no time at all', { 'retry-after-ms': '0', 'retry-after': '9' }, 'Slow.', 0],
  ['seconds in a header', { 'retry-after': '60' }, 'Slow.', 60],
  ['half a second', { 'retry-after': '0.5' }, 'Slow.', 1],
  ['zero seconds', { 'retry-after': '0' }, 'Slow.', 0],
  ['a date, which nobody sends', { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, 'Slow.', undefined],
  ['a time in the past', { 'retry-after': '-1', 'retry-after-ms': '-1' }, 'Slow.', undefined],
  ['seconds in words', {}, 'Please try again in 20s.', 20],
  ['parts of a second in words', {}, 'Please try again in 1.2s. Visit us.', 2],
  ['milliseconds in words', {}, 'Please try again in 620ms.', 1],
  ['minutes in words', {}, 'Please try again in 7m12s.', 432],
  ['hours in words', {}, 'Please try again in 1h2m3s.', 3723],
  ['hours and minutes of two digits', {}, 'Please try again in 10h10m10s.', 36_610],
  ['minutes alone', {}, 'Please try again in 6m0s.', 360],
  ['words without a time', {}, 'Please try again in a while.', undefined],
  ['no words', {}, 'Slow down.', undefined],
])('a rate limit with %s', (_what, headers, message, seconds) => {
  const wait = seconds === undefined ? 'retry later' : `retry after ${seconds} seconds`;
  expect(tell(429, said(message, 'tokens', 'rate_limit_exceeded'), headers)).toEqual({
    status: 429,
    headers: seconds === undefined ? {} : { 'retry-after': String(seconds) },
    error: {
      message: `Rate limit exceeded. Please ${wait}.`,
      type: 'rate_limit_error',
      param: null,
      code: 'rate_limited',
      provider_error: { status: 429, type: 'tokens', code: 'rate_limit_exceeded', message },
    },
  });
});
