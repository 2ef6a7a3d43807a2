import { createHealth, type Health, type HealthBook } from '../../lib/status/health.ts';
import { callRecord, NOW } from './support.ts';

type Changes = Parameters<HealthBook['add']>[0];
const failed = (changes: Partial<Changes> = {}): Changes => ({
  ...callRecord({ status: 503, errorCode: 'provider_overloaded', complete: false }),
  ...changes,
});

/** What is known after these calls, one a second. */
function healthAfter(...records: Changes[]): Health | undefined {
  let now = NOW;
  const health = createHealth(() => now);
  for (const record of records) {
    now += 1000;
    health.add(record);
  }
  return health.read('anthropic');
}

const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString();

test('of a cloud that was not called nothing is known', () => {
  const health = createHealth();
  health.add(callRecord({ provider: 'openai' }));
  expect([health.read('anthropic'), health.read('constructor')]).toEqual([undefined, undefined]);
});

test('a success and a failure stand beside each other, each the last of its kind', () => {
  expect(
    healthAfter(callRecord(), failed(), callRecord(), failed({ status: 504, errorCode: 'timeout' })),
  ).toEqual({
    last_success: at(3),
    last_error: { code: 'timeout', status: 504, at: at(4) },
    retry_after_until: null,
  });
});

describe('a sign of ill health is', () => {
  test.each([
    [401, 'provider_key_invalid'],
    [401, 'api_key_missing'],
    [402, 'insufficient_quota'],
    [403, 'permission_denied'],
    [429, 'rate_limited'],
    [429, 'insufficient_quota'],
    [500, 'server_error'],
    [200, 'server_error'],
    [200, 'rate_limit_exceeded'],
    [502, 'provider_unreachable'],
    [502, 'provider_error'],
    [503, 'provider_overloaded'],
    [504, 'timeout'],
    [200, 'stream_interrupted'],
    [200, 'timeout'],
    [200, 'provider_overloaded'],
  ])('%d %s', (status, errorCode) => {
    expect(healthAfter(failed({ status, errorCode }))).toEqual({
      last_success: null,
      last_error: { code: errorCode, status, at: at(1) },
      retry_after_until: null,
    });
  });
});

describe('no sign of it is', () => {
  test.each([
    ['a body that is no JSON', { status: 400, errorCode: 'invalid_json' }],
    ['a field the cloud has no word for', { status: 400, errorCode: 'unsupported_parameter' }],
    ['a value that cannot be', { status: 400, errorCode: 'invalid_value' }],
    ['a request the cloud refused', { status: 400, errorCode: 'request_refused' }],
    ["a page of the host's, for a bug of ours or a time-out of its own", { status: 500, errorCode: null }],
    ['one that is too long for the model', { status: 400, errorCode: 'context_length_exceeded' }],
    ['a model that does not exist', { status: 404, errorCode: 'model_not_found' }],
    ['an endpoint it lacks', { status: 400, errorCode: 'unsupported_endpoint' }],
    ['a body too large', { status: 413, errorCode: 'request_too_large' }],
    ['a client that left', { status: 499, errorCode: null, clientLeft: true }],
    ['a client that left a stream', { status: 200, errorCode: null, clientLeft: true }],
    ['a client that left while the cloud failed', { status: 503, clientLeft: true }],
  ])('%s', (_name, changes) => {
    expect(healthAfter(failed(changes))).toBeUndefined();
  });
});

describe('the delay the cloud asked for', () => {
  const limited = (retryAfterMs: number): Changes =>
    failed({ status: 429, errorCode: 'rate_limited', retryAfterMs });

  test('is told until it has passed', () => {
    let now = NOW;
    const health = createHealth(() => now);
    health.add(limited(60_000));
    expect(health.read('anthropic')?.retry_after_until).toBe(at(60));
    now = NOW + 59_999;
    expect(health.read('anthropic')?.retry_after_until).toBe(at(60));
    now = NOW + 60_000;
    expect(health.read('anthropic')?.retry_after_until).toBeNull();
  });

  test('is the longest of several, and a success of another model does not end it', () => {
    expect(healthAfter(limited(60_000), limited(5000), callRecord())?.retry_after_until).toBe(at(61));
  });

  test.each([NaN, -1, 0])('of %d ms is none', (retryAfterMs) => {
    expect(healthAfter(limited(retryAfterMs))?.retry_after_until).toBeNull();
  });

  test('is never more than a week', () => {
    expect(healthAfter(limited(Infinity))?.retry_after_until).toBe(at(1 + 7 * 24 * 3600));
  });
});
