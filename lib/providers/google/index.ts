/** Google: the Gemini API in its own form. The OpenAI layer that Google offers loses too much to be relayed. */
import type { ChatConversion, Endpoint, Meta, Provider, ProviderOptions, Target } from '../provider.ts';
import { embeddings } from './embeddings.ts';
import { toError } from './error.ts';
import { modelList } from './model-list.ts';
import { checkModel, resourceName } from './models.ts';
import { toRequest } from './request.ts';
import { toResponse } from './response.ts';
import { createSignatures } from './signatures.ts';
import { createStream } from './stream.ts';

/** The `google:` provider. Reads `GOOGLE_API_KEY` and `GOOGLE_API_BASE_URL` unless told otherwise. */
export function google(options: ProviderOptions = {}): Provider {
  const signatures = createSignatures();
  const chat: ChatConversion = {
    toRequest: (request, meta) => toRequest(request, meta, signatures),
    toResponse: (body, meta) => toResponse(body, meta, signatures),
    createStream: (meta) => createStream(meta, signatures),
  };
  return {
    prefix: 'google',
    name: 'Google',
    environment: { apiKey: 'GOOGLE_API_KEY', baseUrl: 'GOOGLE_API_BASE_URL' },
    defaultBaseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    versionPath: '/v1beta',
    options,
    endpoints: { 'chat/completions': chat, embeddings },
    // Google's OpenAI layer lives below the same base: people copy its URL.
    cleanBasePath: (path) => path.replace(/\/openai\/?$/, ''),
    checkModel,
    target,
    authorize: (apiKey) => ({ 'x-goog-api-key': apiKey }),
    toError,
    modelList,
  };
}

function target(endpoint: Endpoint, { model, stream }: Pick<Meta, 'model' | 'stream'>): Target {
  // Nothing that a path would take for something else: `checkModel` comes first.
  return { path: `/${resourceName(model)}:${methodOf(endpoint, stream)}`, headers: {} };
}

function methodOf(endpoint: Endpoint, stream: boolean): string {
  if (endpoint === 'embeddings') return 'batchEmbedContents';
  // Without `alt=sse` the stream would be one JSON array.
  return stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
}
