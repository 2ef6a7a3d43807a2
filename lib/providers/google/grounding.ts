/** Grounding as OpenAI's `annotations`. */
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';
import { objectsOf, textOf } from './json.ts';

/** A type, not an interface: it goes where any JSON object goes. */
export type Annotation = {
  type: 'url_citation';
  url_citation: { url: string; title: string; start_index: number; end_index: number };
};

/**
 * One citation per supported passage and web source.
 * @param texts The text that each part of the candidate adds to the content; '' for parts that add none.
 */
export function toAnnotations(metadata: JsonValue | undefined, texts: readonly string[]): Annotation[] {
  if (!isObject(metadata)) return [];
  const chunks: unknown[] = Array.isArray(metadata.groundingChunks) ? metadata.groundingChunks : [];
  return objectsOf(metadata.groundingSupports).flatMap((support) => {
    const range = rangeOf(isObject(support.segment) ? support.segment : {}, texts);
    const indices: unknown[] = Array.isArray(support.groundingChunkIndices)
      ? support.groundingChunkIndices
      : [];
    if (range === undefined) return [];
    return indices.flatMap((index) => {
      const source = typeof index === 'number' ? webSource(chunks[index]) : undefined;
      return source === undefined
        ? []
        : [{ type: 'url_citation' as const, url_citation: { ...source, ...range } }];
    });
  });
}

function webSource(chunk: unknown): { url: string; title: string } | undefined {
  const web = isObject(chunk) && isObject(chunk.web) ? chunk.web : {};
  const url = textOf(web.uri);
  return url === undefined ? undefined : { url, title: textOf(web.title) ?? '' };
}

interface Range {
  start_index: number;
  end_index: number;
}

/**
 * Google counts UTF-8 bytes within one part, OpenAI characters of the content. In streams it is not clear what the
 * bytes are counted from: the passage's own text decides, and a passage that is not there is left out.
 */
function rangeOf(segment: JsonObject, texts: readonly string[]): Range | undefined {
  const content = texts.join('');
  const passage = textOf(segment.text);
  const range = convert(segment, texts);
  if (passage === undefined) return range;
  if (range !== undefined && content.slice(range.start_index, range.end_index) === passage) return range;
  const start = content.indexOf(passage);
  return start === -1 ? undefined : { start_index: start, end_index: start + passage.length };
}

function convert(segment: JsonObject, texts: readonly string[]): Range | undefined {
  const part = numberOf(segment.partIndex);
  const text = texts[part];
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'utf8');
  const before = texts.slice(0, part).join('').length;
  const toIndex = (offset: number): number => before + bytes.toString('utf8', 0, offset).length;
  const [start, end] = [numberOf(segment.startIndex), numberOf(segment.endIndex)];
  if (start >= end || end > bytes.length) return undefined;
  return { start_index: toIndex(start), end_index: toIndex(end) };
}

/** Zeros are left out on Google's wire. */
function numberOf(value: JsonValue | undefined): number {
  return typeof value === 'number' && value >= 0 ? value : 0;
}
