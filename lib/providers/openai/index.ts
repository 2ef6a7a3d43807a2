/**
 * OpenAI: a target and a new model name. The bytes of the request and of the answer pass unchanged; only errors that
 * are not in OpenAI's own form, or that speak of the server's key, are written anew.
 */
import { RELAY, type Provider, type ProviderOptions } from '../provider.ts';
import { toError } from './error.ts';
import { modelList } from './models.ts';

/** The `openai:` provider. Reads `OPENAI_API_KEY` and `OPENAI_BASE_URL` unless told otherwise. */
export function openai(options: ProviderOptions = {}): Provider {
  return {
    prefix: 'openai',
    name: 'OpenAI',
    environment: { apiKey: 'OPENAI_API_KEY', baseUrl: 'OPENAI_BASE_URL' },
    defaultBaseUrl: 'https://api.openai.com/v1',
    versionPath: '/v1',
    options,
    endpoints: {
      'chat/completions': RELAY,
      completions: RELAY,
      embeddings: RELAY,
      responses: RELAY,
      moderations: RELAY,
      'images/generations': RELAY,
      'images/edits': RELAY,
      'images/variations': RELAY,
      'audio/speech': RELAY,
      'audio/transcriptions': RELAY,
      'audio/translations': RELAY,
    },
    target: (endpoint) => ({ path: `/${endpoint}`, headers: {} }),
    authorize: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
    toError,
    modelList,
  };
}
