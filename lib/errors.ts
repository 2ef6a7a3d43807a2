/**
 * Every way a request can fail, as one table. A row gives the status, OpenAI's `type` and the `code` a client can
 * compare; the sentence is written where the failure is known.
 */

interface Row {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
}

const row = (status: number, type: string, code: string | null): Row => ({ status, type, code });

/** The name of a row: `code` in most cases, a finer word where several rows share a code. */
export type Failure =
  | 'api_key_missing'
  | 'provider_key_invalid'
  | 'invalid_api_key'
  | 'unknown_prefix'
  | 'invalid_json'
  | 'invalid_model'
  | 'invalid_value'
  | 'unsupported_parameter'
  | 'unsupported_endpoint'
  | 'request_refused'
  | 'request_too_large'
  | 'credit_used_up'
  | 'rate_limited'
  | 'quota_used_up'
  | 'permission_denied'
  | 'provider_overloaded'
  | 'provider_error'
  | 'provider_unreachable'
  | 'timeout'
  | 'shutting_down'
  | 'no_local_node'
  | 'stream_interrupted';

const ROWS: Readonly<Record<Failure, Row>> = {
  api_key_missing: row(401, 'authentication_error', 'api_key_missing'),
  provider_key_invalid: row(401, 'authentication_error', 'provider_key_invalid'),
  invalid_api_key: row(401, 'authentication_error', 'invalid_api_key'),
  unknown_prefix: row(400, 'invalid_request_error', 'unknown_prefix'),
  invalid_json: row(400, 'invalid_request_error', 'invalid_json'),
  invalid_model: row(400, 'invalid_request_error', 'invalid_model'),
  invalid_value: row(400, 'invalid_request_error', 'invalid_value'),
  unsupported_parameter: row(400, 'invalid_request_error', 'unsupported_parameter'),
  unsupported_endpoint: row(400, 'invalid_request_error', 'unsupported_endpoint'),
  /** The cloud refused the body. Its status (400, 404, 408, 409, 422) and a finer code replace the row's. */
  request_refused: row(400, 'invalid_request_error', null),
  request_too_large: row(413, 'invalid_request_error', 'request_too_large'),
  credit_used_up: row(402, 'insufficient_quota', 'insufficient_quota'),
  rate_limited: row(429, 'rate_limit_error', 'rate_limited'),
  /** The quota of the day or a spend cap: waiting a minute does not help. */
  quota_used_up: row(429, 'insufficient_quota', 'insufficient_quota'),
  permission_denied: row(403, 'permission_error', 'permission_denied'),
  provider_overloaded: row(503, 'server_error', 'provider_overloaded'),
  provider_error: row(502, 'server_error', 'provider_error'),
  provider_unreachable: row(502, 'server_error', 'provider_unreachable'),
  timeout: row(504, 'server_error', 'timeout'),
  shutting_down: row(503, 'server_error', 'shutting_down'),
  no_local_node: row(503, 'server_error', 'no_local_node'),
  /** Only ever seen as the last event of a stream, whose status has long been sent. */
  stream_interrupted: row(502, 'server_error', 'stream_interrupted'),
};

/** What the cloud itself said, for people and logs. Never holds a key: messages pass through `withoutKeys`. */
export interface ProviderError {
  readonly status?: number;
  readonly type?: string;
  readonly code?: string;
  readonly message?: string;
  readonly request_id?: string;
}

/** What is said of a failure beside its name. */
export interface ErrorDetails {
  /** A full sentence for the client, without secrets. */
  readonly message: string;
  /** The field of the request that is at fault, as a path: `messages[0].content[1]`. */
  readonly param?: string | null;
  /** How to mend it, where the message is fixed by contract. */
  readonly hint?: string;
  /** The prefix of the cloud that failed. */
  readonly provider?: string;
  readonly providerError?: ProviderError;
  /** Replaces the row's status, for `request_refused`. */
  readonly status?: number;
  /** Replaces the row's code, for `request_refused`. */
  readonly code?: string | null;
  /** Response headers that belong to the failure: `retry-after`, `x-should-retry`. Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** The JSON body of every error answer, in OpenAI's form. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
    readonly hint?: string;
    readonly provider?: string;
    readonly provider_error?: ProviderError;
  };
}

/** A request that cannot be served, with everything the client is to be told. */
export class RouterError extends Error {
  override readonly name = 'RouterError';
  /** What went wrong, as the router calls it; status, type and code follow from it. */
  readonly failure: Failure;
  /** HTTP status. */
  readonly status: number;
  /** OpenAI's error type, e.g. `invalid_request_error`. */
  readonly type: string;
  /** What a program compares, e.g. `unknown_prefix`; null where the cloud gave no finer word. */
  readonly code: string | null;
  /** The field of the request that is at fault, as a path; null where it is none. */
  readonly param: string | null;
  /** How to mend it. */
  readonly hint: string | undefined;
  /** The prefix of the cloud that failed; undefined where the fault is not a cloud's. */
  readonly provider: string | undefined;
  /** What that cloud said. */
  readonly providerError: ProviderError | undefined;
  /** Response headers that belong to the failure, in lower case. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(failure: Failure, details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    const { status, type, code } = ROWS[failure];
    this.failure = failure;
    this.status = details.status ?? status;
    this.type = type;
    this.code = details.code === undefined ? code : details.code;
    this.param = details.param ?? null;
    this.hint = details.hint;
    this.provider = details.provider;
    this.providerError = details.providerError;
    this.headers = details.headers ?? {};
  }

  /** The body a client reads: the same whether it is an HTTP answer or the last event of a stream. */
  toBody(): ErrorBody {
    return {
      error: {
        message: this.message,
        type: this.type,
        param: this.param,
        code: this.code,
        ...(this.hint !== undefined && { hint: this.hint }),
        ...(this.provider !== undefined && { provider: this.provider }),
        ...(this.providerError !== undefined && { provider_error: this.providerError }),
      },
    };
  }

  /** The same trouble as another row of the table. */
  as(failure: Failure): RouterError {
    const { message, param, hint, provider, providerError, headers } = this;
    return new RouterError(failure, {
      message,
      param,
      headers,
      cause: this,
      ...(hint !== undefined && { hint }),
      ...(provider !== undefined && { provider }),
      ...(providerError !== undefined && { providerError }),
    });
  }

  /** The same failure with some details added or replaced; the original is its `cause`. */
  with(details: Partial<ErrorDetails>): RouterError {
    return new RouterError(this.failure, {
      message: this.message,
      param: this.param,
      status: this.status,
      code: this.code,
      headers: this.headers,
      cause: this,
      ...(this.hint !== undefined && { hint: this.hint }),
      ...(this.provider !== undefined && { provider: this.provider }),
      ...(this.providerError !== undefined && { providerError: this.providerError }),
      ...details,
    });
  }
}

/**
 * The one sentence of a 429. `retryAfterMs` undefined: the cloud named no delay.
 * Seconds are whole and rounded up, so that a client that waits them never comes too early.
 */
export function rateLimitMessage(retryAfterMs: number | undefined): string {
  return retryAfterMs === undefined
    ? 'Rate limit exceeded. Please retry later.'
    : `Rate limit exceeded. Please retry after ${Math.ceil(retryAfterMs / 1000)} seconds.`;
}
