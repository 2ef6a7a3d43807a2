/** What is checked here is checked by the compiler: our wire against the types of Anthropic's own SDK. */
import type {
  ContentBlockParam,
  MessageCreateParamsBase,
  MessageParam,
  OutputConfig as SdkOutputConfig,
  ThinkingConfigParam,
  Tool as SdkTool,
  ToolChoice as SdkToolChoice,
} from '@anthropic-ai/sdk/resources/messages';
import type {
  Block,
  MessagesRequest,
  OutputConfig,
  Thinking,
  Tool,
  ToolChoice,
  Turn,
} from '../../../lib/providers/anthropic/types.ts';
import { ask, convert } from './support.ts';

/** Compiles only where every value of ours is a value of theirs. */
type Fits<Ours extends Theirs, Theirs> = Ours;

type Checked = [
  Fits<Block, ContentBlockParam>,
  Fits<Turn, MessageParam>,
  Fits<Tool, SdkTool>,
  Fits<ToolChoice, SdkToolChoice>,
  Fits<Thinking, ThinkingConfigParam>,
  Fits<OutputConfig, SdkOutputConfig>,
  Fits<MessagesRequest, MessageCreateParamsBase>,
];

test('a request of ours is one that the SDK would send', () => {
  const { body } = convert(ask({ stream: true, reasoning_effort: 'low', user: 'u1' }));
  const theirs: MessageCreateParamsBase = body satisfies Checked[6];
  expect(theirs).toEqual({
    model: 'claude-opus-5-5',
    max_tokens: 9,
    stream: true,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Q' }] }],
    output_config: { effort: 'low' },
    metadata: { user_id: 'u1' },
  });
});
