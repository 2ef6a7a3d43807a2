/** Anthropic: Claude's Messages API behind OpenAI's chat completions. */
import type { Provider, ProviderOptions } from '../provider.ts';
import { toError } from './error.ts';
import { toHeaders } from './headers.ts';
import { modelList } from './model-list.ts';
import { toRequest } from './request.ts';
import { parseAnswer, toResponse } from './response.ts';
import { createStream } from './stream.ts';

/**
 * The version whose sampling parameters still work where the models have them, and that other servers of the same wire
 * understand. `2026-10-21` refuses them all. https://platform.claude.com/docs/en/api/versioning
 */
const VERSION = '2023-06-01';

/** The `anthropic:` provider. Reads `ANTHROPIC_API_KEY` and `ANTHROPIC_API_BASE_URL` unless told otherwise. */
export function anthropic(options: ProviderOptions = {}): Provider {
  return {
    prefix: 'anthropic',
    name: 'Anthropic',
    environment: { apiKey: 'ANTHROPIC_API_KEY', baseUrl: 'ANTHROPIC_API_BASE_URL' },
    defaultBaseUrl: 'https://api.anthropic.com/v1',
    versionPath: '/v1',
    options,
    endpoints: { 'chat/completions': { toRequest, parseAnswer, toResponse, createStream } },
    target: () => ({ path: '/messages', headers: {} }),
    // Never beside an `Authorization`, which is refused. The version goes with the key, because every call needs both,
    // the list of models too.
    authorize: (apiKey) => ({ 'x-api-key': apiKey, 'anthropic-version': VERSION }),
    toHeaders,
    toError,
    modelList,
  };
}
