/** The message item: text, and a refusal where there is one. */
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { withoutIndex } from './carry.ts';
import type { Emit, ItemPlace, ItemStream } from './events.ts';
import { objectsOf, wordOf } from './json.ts';
import type { MessageItem, OutputText, RefusalPart } from './types.ts';

export interface MessageStream extends ItemStream<MessageItem> {
  addText(delta: string, logprobs: readonly JsonValue[]): string;
  addRefusal(delta: string): string;
  addAnnotations(annotations: readonly JsonObject[]): string;
  addCitations(citations: readonly JsonObject[]): string;
  addAudio(audio: JsonObject): string;
}

/** @param offset Characters of the answer's text before this message: chat counts citations from the first one. */
export function createMessage(place: ItemPlace, offset: number, emit: Emit): MessageStream {
  const { item_id: id, output_index } = place;
  const item: MessageItem = { id, type: 'message', status: 'in_progress', role: 'assistant', content: [] };
  let text: OutputText | undefined;
  let refusal: RefusalPart | undefined;

  const placeOf = (part: OutputText | RefusalPart): object => ({
    ...place,
    content_index: item.content.indexOf(part),
  });

  function open<Part extends OutputText | RefusalPart>(part: Part): string {
    item.content.push(part);
    return emit('response.content_part.added', { ...placeOf(part), part });
  }

  function openText(): [OutputText, string] {
    if (text !== undefined) return [text, ''];
    text = { type: 'output_text', text: '', annotations: [], logprobs: [] };
    return [text, open(text)];
  }

  function addText(delta: string, logprobs: readonly JsonValue[]): string {
    const [part, opened] = openText();
    if (delta === '' && logprobs.length === 0) return opened;
    part.text += delta;
    for (const entry of logprobs) part.logprobs.push(entry);
    return opened + emit('response.output_text.delta', { ...placeOf(part), delta, logprobs });
  }

  function endText(): string {
    if (text === undefined) return '';
    const { text: whole, logprobs } = text;
    return (
      emit('response.output_text.done', { ...placeOf(text), text: whole, logprobs }) +
      emit('response.content_part.done', { ...placeOf(text), part: text })
    );
  }

  function addRefusal(delta: string): string {
    let opened = '';
    if (refusal === undefined) {
      refusal = { type: 'refusal', refusal: '' };
      opened = endText() + open(refusal);
    }
    refusal.refusal += delta;
    return opened + emit('response.refusal.delta', { ...placeOf(refusal), delta });
  }

  function endRefusal(part: RefusalPart): string {
    return (
      emit('response.refusal.done', { ...placeOf(part), refusal: part.refusal }) +
      emit('response.content_part.done', { ...placeOf(part), part })
    );
  }

  function addAnnotations(annotations: readonly JsonObject[]): string {
    const [part, opened] = openText();
    return annotations.reduce((events, entry) => {
      const annotation = toAnnotation(entry, offset);
      const annotation_index = part.annotations.push(annotation) - 1;
      return (
        events +
        emit('response.output_text.annotation.added', { ...placeOf(part), annotation_index, annotation })
      );
    }, opened);
  }

  return {
    item,
    start: () => emit('response.output_item.added', { output_index, item }),
    addText,
    addRefusal,
    addAnnotations,
    addCitations(citations) {
      const [part, opened] = openText();
      part.citations = [...(part.citations ?? []), ...citations.map(withoutIndex)];
      return opened;
    },
    addAudio(audio) {
      item.audio = { ...item.audio, ...audio, data: wordOf(item.audio?.data) + wordOf(audio.data) };
      return '';
    },
    end(status) {
      item.status = status;
      const parts = refusal === undefined ? endText() : endRefusal(refusal);
      return parts + emit('response.output_item.done', { output_index, item });
    },
  };
}

/** Chat puts what it says about a citation under the citation's type; here it stands beside the type. */
function toAnnotation(annotation: JsonObject, offset: number): JsonObject {
  const { url_citation: citation } = annotation;
  if (!isObject(citation)) return withoutIndex(annotation);
  const { start_index: start, end_index: end, ...rest } = citation;
  return {
    type: 'url_citation',
    ...rest,
    start_index: typeof start === 'number' ? Math.max(0, start - offset) : 0,
    end_index: typeof end === 'number' ? Math.max(0, end - offset) : 0,
  };
}

/** The probabilities of a chat answer's tokens. */
export function logprobsOf(logprobs: JsonValue | undefined): JsonObject[] {
  return isObject(logprobs) ? objectsOf(logprobs.content) : [];
}
