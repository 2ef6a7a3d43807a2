/** A whole chat completion as a Response. */
import type { ChatCompletion, JsonObject } from '../../openai/types.ts';
import { silent } from './events.ts';
import { createOutput } from './output.ts';
import { keyOf, toEnd, toResponse, toSettings } from './response.ts';
import type { ResponseObject } from './types.ts';

export function toAnswer(completion: ChatCompletion, request: JsonObject): ResponseObject {
  const { id, created, model, usage, service_tier: serviceTier } = completion;
  const [choice] = completion.choices;
  const end = toEnd(choice?.finish_reason);
  const output = createOutput(() => keyOf(id), silent);
  if (choice !== undefined) output.add(choice.message, choice.logprobs);
  output.end(end.status === 'completed');
  return toResponse({ id, created, model, serviceTier, output: output.items, usage }, toSettings(request), {
    ...end,
    ...(choice?.native_finish_reason !== undefined && { native_finish_reason: choice.native_finish_reason }),
    ...(choice?.extra_content !== undefined && { extra_content: choice.extra_content }),
  });
}
