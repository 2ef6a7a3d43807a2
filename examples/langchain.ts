/** LangChain: one ChatOpenAI for every cloud, with a tool, then streamed. */
import { HumanMessage, type BaseMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import { isMain, onStage, type Host, type Print } from './stage.ts';

export async function main({ url, apiKey }: Host, print: Print = console.log): Promise<void> {
  const weather = tool(({ city }) => `sunny in ${city}`, {
    name: 'weather',
    description: 'The weather of a city.',
    schema: z.object({ city: z.enum(['Kyoto', 'Oslo']) }),
  });
  for (const model of ['openai:gpt-5.4', 'google:gemini-3.8-flash', 'anthropic:claude-opus-5-5']) {
    print(model);
    const chat = new ChatOpenAI({ model, apiKey, configuration: { baseURL: `${url}/v1` } });
    const messages: BaseMessage[] = [new HumanMessage('What is the weather in Kyoto?')];
    const question = await chat.bindTools([weather]).invoke(messages);
    messages.push(question);
    for (const call of question.tool_calls ?? []) {
      print(`  calls ${call.name}(${JSON.stringify(call.args)})`);
      messages.push(await weather.invoke({ ...call, type: 'tool_call' }));
    }
    const { text } = await chat.bindTools([weather]).invoke(messages);
    print(`  says ${text}`);

    const pieces: string[] = [];
    for await (const chunk of await chat.stream('Hello there!')) if (chunk.text) pieces.push(chunk.text);
    print(`  streams ${pieces.join('|')}`);
  }
}

if (isMain(import.meta.filename)) await onStage(main);
