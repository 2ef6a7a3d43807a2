/** The calls of the quick start, each with the whole answer that is right. */
import OpenAI from 'openai';
import { callServer, CLIENT_KEY, type Reply, type Watcher } from './demo-client.ts';
import type { Sent, Stage } from './demo-stage.ts';

/** All that can be seen of a call: at the client and at the clouds. */
export interface Outcome extends Reply {
  readonly sent: readonly Sent[];
}

export interface Step {
  readonly title: string;
  /** Method, path and what matters of the body. */
  readonly asked: string;
  call(stage: Stage, watch: Watcher): Promise<Reply>;
  /** Ids and times, which nobody can foretell, as `normalise` leaves them. A function where it depends on the stage. */
  readonly expected: Outcome | ((stage: Stage) => Outcome);
}

const CHAT = '/v1/chat/completions';

type ChatBody = { model: string; messages: { role: 'user'; content: string }[]; stream?: boolean };

function chat(model: string, content: string): ChatBody {
  return { model, messages: [{ role: 'user', content }] };
}

function askedOf(body: ChatBody): string {
  const { model, messages, stream } = body;
  return `POST ${CHAT}  ${model}${stream === true ? '  "stream": true' : ''}\n"${messages[0]?.content}"`;
}

function chatStep(title: string, body: ChatBody, expected: Outcome): Step {
  return {
    title,
    asked: askedOf(body),
    call: ({ server }, watch) => callServer(server.url, CHAT, body, watch),
    expected,
  };
}

/** A chat completion, but for what each cloud adds to it. */
function completion(
  model: string,
  content: string,
  tokens: [prompt: number, answer: number],
  more: { message?: object; choice?: object; usage?: object; top?: object } = {},
): object {
  const [prompt, answer] = tokens;
  return {
    id: '<id>',
    object: 'chat.completion',
    created: '<time>',
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null, ...more.message },
        logprobs: null,
        finish_reason: 'stop',
        ...more.choice,
      },
    ],
    usage: {
      prompt_tokens: prompt,
      completion_tokens: answer,
      total_tokens: prompt + answer,
      ...more.usage,
    },
    ...more.top,
  };
}

/** OpenAI's own answer, byte for byte, has a few fields that only OpenAI knows. */
function openaiCompletion(model: string, content: string, tokens: [number, number]): object {
  return completion(model, content, tokens, {
    message: { annotations: [] },
    usage: {
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
    top: { service_tier: 'default', system_fingerprint: 'fp_simulated' },
  });
}

const OWN_KEY = "the server's own key";

function toOpenAI(body: ChatBody): Sent {
  return { cloud: 'OpenAI', request: `POST ${CHAT}`, key: OWN_KEY, body };
}

function toAnthropic(text: string, more: object): Sent {
  const messages = [{ role: 'user', content: [{ type: 'text', text }] }];
  return {
    cloud: 'Anthropic',
    request: 'POST /v1/messages',
    key: OWN_KEY,
    body: { model: 'claude-3-opus', messages, ...more },
  };
}

function failure(status: number, error: object, sent: readonly Sent[] = []): Outcome {
  return { status, answer: { error }, sent };
}

const openaiChat = chatStep('An OpenAI model', chat('openai:gpt-4.1', 'Hello, how are you?'), {
  status: 200,
  answer: openaiCompletion('gpt-4.1', 'gpt-4.1 echoes: Hello, how are you?', [4, 6]),
  sent: [toOpenAI(chat('gpt-4.1', 'Hello, how are you?'))],
});

const googleChat = chatStep(
  'A Google model',
  chat('google:gemini-1.5-pro', 'Explain quantum computing briefly.'),
  {
    status: 200,
    answer: completion(
      'gemini-1.5-pro',
      'gemini-1.5-pro echoes: Explain quantum computing briefly.',
      [7, 6],
      {
        choice: { native_finish_reason: 'STOP' },
        usage: {
          prompt_tokens_details: { cached_tokens: 0, text_tokens: 7 },
          completion_tokens_details: { reasoning_tokens: 0 },
        },
        top: { service_tier: 'default' },
      },
    ),
    sent: [
      {
        cloud: 'Google',
        request: 'POST /v1beta/models/gemini-1.5-pro:generateContent',
        key: OWN_KEY,
        body: { contents: [{ role: 'user', parts: [{ text: 'Explain quantum computing briefly.' }] }] },
      },
    ],
  },
);

const anthropicChat = chatStep(
  'An Anthropic model',
  chat('anthropic:claude-3-opus', 'Write a haiku about programming.'),
  {
    status: 200,
    answer: completion('claude-3-opus', 'You said: Write a haiku about programming.', [24, 17], {
      choice: { native_finish_reason: 'end_turn' },
      usage: { prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 } },
      top: { service_tier: 'default' },
    }),
    sent: [toAnthropic('Write a haiku about programming.', { max_tokens: 16_000 })],
  },
);

const streamHead = {
  id: '<id>',
  object: 'chat.completion.chunk',
  created: '<time>',
  service_tier: 'default',
};

const openaiStream = chatStep(
  'A streamed answer (each | begins an event)',
  { ...chat('openai:gpt-4.1', 'Tell me a story.'), stream: true },
  {
    status: 200,
    answer: {
      head: { ...streamHead, model: 'gpt-4.1', system_fingerprint: 'fp_simulated' },
      role: 'assistant',
      content: 'gpt-4.1 echoes: Tell me a story.',
      more: {},
      finish_reason: 'stop',
      inPieces: true,
      done: true,
    },
    sent: [toOpenAI({ ...chat('gpt-4.1', 'Tell me a story.'), stream: true })],
  },
);

const plainPost = chatStep('The same from Python, with httpx.post', chat('openai:gpt-4.1', 'Hello!'), {
  status: 200,
  answer: openaiCompletion('gpt-4.1', 'gpt-4.1 echoes: Hello!', [1, 3]),
  sent: [toOpenAI(chat('gpt-4.1', 'Hello!'))],
});

const anthropicStream = chatStep(
  'A streamed answer of Anthropic, with httpx.stream',
  { ...chat('anthropic:claude-3-opus', 'Tell me a joke.'), stream: true },
  {
    status: 200,
    answer: {
      head: { ...streamHead, model: 'claude-3-opus' },
      role: 'assistant',
      content: 'You said: Tell me a joke.',
      more: {},
      finish_reason: 'stop',
      inPieces: true,
      done: true,
    },
    sent: [toAnthropic('Tell me a joke.', { max_tokens: 64_000, stream: true })],
  },
);

const sdk: Step = {
  title: "OpenAI's own SDK, with the load balancer as its base URL",
  asked: 'client.chat.completions.create  openai:gpt-4.1\n"Hello!"',
  async call({ server }, watch) {
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: CLIENT_KEY, maxRetries: 0 });
    const { data, response } = await client.chat.completions
      .create(chat('openai:gpt-4.1', 'Hello!') as OpenAI.ChatCompletionCreateParamsNonStreaming)
      .withResponse();
    watch.onStatus(response.status);
    return { status: response.status, answer: data };
  },
  expected: {
    status: 200,
    answer: openaiCompletion('gpt-4.1', 'gpt-4.1 echoes: Hello!', [1, 3]),
    sent: [toOpenAI(chat('gpt-4.1', 'Hello!'))],
  },
};

const BY_LOCAL_NODE = { top: { id: '<id of the local node>' } };

const local = chatStep('A local model: no prefix', chat('llama-3.2-1b', 'Hello!'), {
  status: 200,
  answer: completion('llama-3.2-1b', 'Hello!', [1, 1], BY_LOCAL_NODE),
  sent: [],
});

const bareName = chatStep("A cloud's name without its prefix is local, too", chat('gpt-4o', 'Hello!'), {
  status: 200,
  answer: completion('gpt-4o', 'Hello!', [1, 1], BY_LOCAL_NODE),
  sent: [],
});

const status: Step = {
  title: 'Which clouds are configured',
  asked: 'GET /v0/status',
  call: ({ server }, watch) => callServer(server.url, '/v0/status', undefined, watch),
  expected: ({ server, clouds }) => {
    const [openai, google, anthropic] = clouds.map(({ url }) => url);
    return {
      status: 200,
      answer: {
        status: 'ok',
        version: server.router.status().version,
        cloud_providers: {
          openai: { configured: true, base_url: `${openai}/v1` },
          google: { configured: true, base_url: `${google}/v1beta` },
          anthropic: { configured: true, base_url: `${anthropic}/v1` },
        },
      },
      sent: [],
    };
  },
};

const missingKey: Step = {
  title: 'A cloud whose key is not set (on a second server)',
  asked: askedOf(chat('anthropic:claude-3-opus', 'Hello')),
  call: ({ withoutAnthropic }, watch) =>
    callServer(withoutAnthropic.url, CHAT, chat('anthropic:claude-3-opus', 'Hello'), watch),
  expected: failure(401, {
    message: 'Anthropic API key not configured',
    type: 'authentication_error',
    param: null,
    code: 'api_key_missing',
  }),
};

const unknownPrefix = chatStep(
  'A prefix that does not exist',
  chat('unknown:some-model', 'Hello'),
  failure(400, {
    message: 'Unknown cloud provider prefix: unknown:',
    type: 'invalid_request_error',
    param: 'model',
    code: 'unknown_prefix',
  }),
);

const rateLimit: Step = {
  title: 'A cloud that limits the rate: handed on, never tried again',
  asked: askedOf(chat('openai:gpt-4.1', 'Hello!')),
  call({ server, openai }, watch) {
    const error = {
      message: 'Rate limit reached.',
      type: 'requests',
      param: null,
      code: 'rate_limit_exceeded',
    };
    openai.answerNext({ status: 429, headers: { 'retry-after': '60' }, body: { error } });
    return callServer(server.url, CHAT, chat('openai:gpt-4.1', 'Hello!'), watch);
  },
  expected: failure(
    429,
    {
      message: 'Rate limit exceeded. Please retry after 60 seconds.',
      type: 'rate_limit_error',
      param: null,
      code: 'rate_limited',
    },
    [toOpenAI(chat('gpt-4.1', 'Hello!'))],
  ),
};

export const STEPS: readonly Step[] = [
  openaiChat,
  googleChat,
  anthropicChat,
  openaiStream,
  plainPost,
  anthropicStream,
  sdk,
  local,
  bareName,
  status,
  missingKey,
  unknownPrefix,
  rateLimit,
];
