/** What an earlier answer held that OpenAI's message has no field for: it comes back under `extra_content.google`. */
import { isObject, type ChatMessage, type JsonObject } from '../../openai/types.ts';
import { objectsOf, textOf } from './json.ts';
import type { ModelTraits } from './models.ts';
import { STAND_IN } from './signatures.ts';
import type { Part, ToolPart } from './types.ts';

/** Code that Google ran. */
const CODE = ['executableCode', 'codeExecutionResult'];
/** Google's tools beside the client's functions: a later request must hold them. https://ai.google.dev/api/caching#Part */
const TOOLS = ['toolCall', 'toolResponse'];

/** @returns the parts that go back as they came, and whether there are others. */
export function toToolParts(
  message: ChatMessage,
  traits: ModelTraits,
): { readonly parts: ToolPart[]; readonly isCut: boolean } {
  const given = objectsOf(ownOf(message).parts);
  const known = traits.isThirdGeneration ? [...CODE, ...TOOLS] : traits.hasSystemInstruction ? CODE : [];
  const parts = given.filter((part) => known.some((kind) => isObject(part[kind])));
  return { parts: parts.map(withoutIndex), isCut: parts.length < given.length };
}

/** Of what a model said before a picture the newer ones want the signature too, or are told that it is lost. */
export function withTextSignature(texts: Part[], message: ChatMessage): Part[] {
  const [first, ...others] = texts;
  if (first === undefined) return texts;
  return [{ ...first, thoughtSignature: textOf(ownOf(message).thought_signature) ?? STAND_IN }, ...others];
}

function ownOf({ extra_content: extra }: ChatMessage): JsonObject {
  return isObject(extra) && isObject(extra.google) ? extra.google : {};
}

/** `index` is ours: lists in stream deltas carry it. */
function withoutIndex(part: JsonObject): ToolPart {
  const { index: _index, ...rest } = part;
  return rest as ToolPart;
}
