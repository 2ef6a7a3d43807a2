/** A streamed chat completion as the events of a Response. */
import type { StreamHead, StreamWriter } from '../../openai/sse.ts';
import type { FinishReason, JsonObject } from '../../openai/types.ts';
import type { Meta } from '../../providers/provider.ts';
import { createEmit } from './events.ts';
import { createOutput } from './output.ts';
import { keyOf, toEnd, toResponse, toSettings } from './response.ts';
import type { OutputItem, ResponseObject } from './types.ts';

export function createWriter(stream: StreamHead, request: JsonObject, meta: Meta): StreamWriter {
  const emit = createEmit();
  const output = createOutput(() => keyOf(stream.id), emit);
  const settings = toSettings(request);
  let isOpen = false;
  let finishReason: FinishReason | undefined;
  let extensions: JsonObject = {};

  function response(status: Pick<ResponseObject, 'status'> & Partial<ResponseObject>): ResponseObject {
    const { id, model, serviceTier } = stream;
    const isEnd = status.status !== 'in_progress';
    const usage = isEnd ? stream.usage : undefined;
    const state = { id, model, serviceTier, created: meta.created, output: output.items, usage };
    return toResponse(state, settings, status);
  }

  function open(): string {
    if (isOpen) return '';
    isOpen = true;
    const started = response({ status: 'in_progress' });
    return (
      emit('response.created', { response: started }) + emit('response.in_progress', { response: started })
    );
  }

  return {
    write({ index, delta, logprobs, finish_reason, native_finish_reason, extra_content }) {
      if (index !== 0) return '';
      finishReason = finish_reason ?? finishReason;
      extensions = {
        ...extensions,
        ...(native_finish_reason !== undefined && { native_finish_reason }),
        ...(extra_content !== undefined && { extra_content }),
      };
      return open() + output.add(delta, logprobs);
    },
    end() {
      const end = toEnd(finishReason);
      const events = open() + output.end(end.status === 'completed');
      return events + emit(`response.${end.status}`, { response: response({ ...end, ...extensions }) });
    },
    /**
     * As OpenAI does it: first an event of type `error`, then `response.failed`. The SDKs read the end of the stream
     * differently: openai-node and openai-python raise for an event that has a key `error` and hand `response.failed`
     * on as an event like any other; the AI SDK and programs that follow the response's status look for the latter.
     */
    fail({ error }) {
      const code = error.code ?? error.type;
      const { message, param } = error;
      const events = open() + emit('error', { code, message, param, error });
      const failed = response({
        status: 'failed',
        error: { code, message },
        output: output.items.map(asCut),
      });
      return events + emit('response.failed', { response: failed });
    },
  };
}

function asCut(item: OutputItem): OutputItem {
  return 'status' in item && item.status === 'in_progress'
    ? ({ ...item, status: 'incomplete' } as OutputItem)
    : item;
}
