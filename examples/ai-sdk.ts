/** The AI SDK: over chat completions, and over the Responses API with a tool. */
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { isMain, onStage, type Host, type Print } from './stage.ts';

export async function main({ url, apiKey }: Host, print: Print = console.log): Promise<void> {
  const baseURL = `${url}/v1`;

  const chat = createOpenAICompatible({ name: 'prefix-router', baseURL, apiKey, includeUsage: true });
  const whole = await generateText({ model: chat('google:gemini-3.8-flash'), prompt: 'Hello there!' });
  print(`chat, whole: ${whole.text}`);

  const streamed = streamText({ model: chat('anthropic:claude-opus-5-5'), prompt: 'Hello there!' });
  const pieces: string[] = [];
  for await (const piece of streamed.textStream) pieces.push(piece);
  print(`chat, streamed: ${pieces.join('|')} (${(await streamed.usage).outputTokens} tokens)`);

  const openai = createOpenAI({ baseURL, apiKey });
  const weather = tool({
    description: 'The weather of a city.',
    inputSchema: z.object({ city: z.enum(['Kyoto', 'Oslo']) }),
    execute({ city }) {
      print(`  calls weather(${city})`);
      return `sunny in ${city}`;
    },
  });
  for (const model of ['anthropic:claude-opus-5-5', 'google:gemini-3.8-flash']) {
    print(`responses, ${model}`);
    const { text } = await generateText({
      model: openai.responses(model),
      prompt: 'What is the weather in Kyoto?',
      tools: { weather },
      stopWhen: stepCountIs(3),
      // Without it the SDK refers to what the cloud has stored, and only OpenAI stores.
      providerOptions: { openai: { store: false } },
    });
    print(`  says ${text}`);
  }
}

if (isMain(import.meta.filename)) await onStage(main);
