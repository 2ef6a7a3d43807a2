/** An agent with a tool, on Claude and on Gemini: the Agents SDK over the Responses API, whole and streamed. */
import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool } from '@openai/agents';
import { z } from 'zod';
import { isMain, onStage, type Host, type Print } from './stage.ts';

// Else each run is reported to OpenAI; `tracingDisabled` of a Runner still lets its outline out (0.8.5).
setTracingDisabled(true);

const QUESTION = 'What is the weather in Kyoto?';

export async function main({ url, apiKey }: Host, print: Print = console.log): Promise<void> {
  const weather = tool({
    name: 'weather',
    description: 'The weather of a city.',
    parameters: z.object({ city: z.enum(['Kyoto', 'Oslo']) }),
    execute({ city }) {
      print(`  calls weather(${city})`);
      return `sunny in ${city}`;
    },
  });
  const runner = new Runner({
    modelProvider: new OpenAIProvider({ baseURL: `${url}/v1`, apiKey, useResponses: true }),
  });
  for (const model of ['anthropic:claude-opus-5-5', 'google:gemini-3.8-flash']) {
    const agent = new Agent({ name: 'Guide', instructions: 'Be brief.', model, tools: [weather] });

    print(`${model}, whole`);
    const { finalOutput } = await runner.run(agent, QUESTION);
    print(`  says ${finalOutput}`);

    print(`${model}, streamed`);
    const stream = await runner.run(agent, QUESTION, { stream: true });
    const pieces: string[] = [];
    for await (const piece of stream.toTextStream()) pieces.push(piece);
    await stream.completed;
    print(`  says ${pieces.join('|')}`);
  }
}

if (isMain(import.meta.filename)) await onStage(main);
