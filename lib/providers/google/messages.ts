/** A conversation as Google's `contents` and `systemInstruction`. */
import { isObject, type ChatMessage, type JsonValue } from '../../openai/types.ts';
import { unsupported } from '../fields.ts';
import { toParts } from './content.ts';
import { isPresent, objectsOf, textOf } from './json.ts';
import { fromUrl, invalid } from './media.ts';
import type { ModelTraits } from './models.ts';
import { toToolParts, withTextSignature } from './own-parts.ts';
import { signatureOf, STAND_IN, type Signatures } from './signatures.ts';
import { createCallBook, toCallParts, toResponse, type CallBook } from './tool-history.ts';
import type { Content, FunctionCallPart, FunctionResponsePart, MediaPart, Part, TextPart } from './types.ts';

export interface History {
  /** Never empty: Google refuses a request without contents. */
  readonly contents: Content[];
  readonly systemInstruction: { readonly parts: TextPart[] } | undefined;
  readonly dropped: string[];
}

export interface HistoryContext {
  readonly traits: ModelTraits;
  readonly baseUrl: string;
  readonly signatures: Signatures;
}

/** Google refuses contents and parts that are empty. */
const BLANK: TextPart = { text: ' ' };

interface UserTurn {
  readonly kind: 'user';
  readonly parts: Part[];
}

interface ModelTurn {
  readonly kind: 'model';
  readonly parts: Part[];
}

/** Results of one turn's calls: in one content, apart from what the user says, in the order of the calls. */
interface ToolTurn {
  readonly kind: 'tool';
  readonly results: { readonly order: number; readonly part: FunctionResponsePart }[];
}

type Turn = UserTurn | ModelTurn | ToolTurn;

/** @throws RouterError for a message that Google has no word for. */
export function toHistory(messages: readonly ChatMessage[], context: HistoryContext): History {
  const turns: Turn[] = [];
  const systemParts: TextPart[] = [];
  const dropped: string[] = [];
  let book: CallBook | undefined;

  function add(message: ChatMessage, index: number): void {
    const path = `messages[${index}]`;
    switch (message.role) {
      case 'system':
      case 'developer':
        addAll(systemParts, systemTexts(message.content, path, context.baseUrl));
        return;
      case 'user':
        addAll(turnOf('user').parts, userParts(message.content, path, context.baseUrl));
        return;
      case 'assistant':
        return addAssistant(message, path, `call_fc_${index}`);
      case 'tool':
      case 'function':
        return addResult(message, path);
      default:
        throw unsupported(`${path}.role`, `Google has no counterpart for the role of '${path}'`);
    }
  }

  /** Made for the first call: most conversations have none. */
  function calls(): CallBook {
    return (book ??= createCallBook());
  }

  function addAssistant(message: ChatMessage, path: string, legacyId: string): void {
    if (isPresent(message.audio)) dropped.push(`${path}.audio`);
    const pictures = picturesIn(message, path, context);
    if (isPresent(message.images) && pictures.length === 0) dropped.push(`${path}.images`);
    const tools = toToolParts(message, context.traits);
    if (tools.isCut) dropped.push(`${path}.extra_content`);
    const callParts = toCallParts(message, path, legacyId, context.signatures);
    const texts = assistantTexts(message, path, context.baseUrl);
    const isSigned = context.traits.isThirdGeneration && pictures.length > 0;
    const spoken = isSigned ? withTextSignature(texts, message) : texts;
    const parts = [...tools.parts, ...spoken, ...pictures, ...callParts];
    // A message with nothing in it would be a content without parts.
    if (parts.length === 0) return;
    if (turns.at(-1)?.kind !== 'model') book?.startTurn();
    addAll(turnOf('model').parts, parts);
    for (const part of callParts) calls().add(part);
  }

  function addResult(message: ChatMessage, path: string): void {
    const { id, name, order } = calls().answer(message, path);
    const { text, media } = resultContent(message.content, path, context);
    const mayHoldMedia = context.traits.isThirdGeneration;
    if (!mayHoldMedia) for (const medium of media) dropped.push(medium.path);
    turnOf('tool').results.push({
      order,
      part: {
        functionResponse: {
          ...(id !== undefined && { id }),
          name,
          response: toResponse(text),
          ...(mayHoldMedia && media.length > 0 && { parts: media.map((medium) => medium.part) }),
        },
      },
    });
  }

  /** The last turn if it is of that kind, else a new one: neighbours of a kind become one content. */
  function turnOf<Kind extends Turn['kind']>(kind: Kind): Extract<Turn, { kind: Kind }>;
  function turnOf(kind: Turn['kind']): Turn {
    const last = turns.at(-1);
    if (last?.kind === kind) return last;
    const turn: Turn = kind === 'tool' ? { kind, results: [] } : { kind, parts: [] };
    turns.push(turn);
    return turn;
  }

  messages.forEach(add);
  if (turns.length === 0) turnOf('user').parts.push(BLANK);
  if (context.traits.hasSystemInstruction || systemParts.length === 0) {
    const systemInstruction = systemParts.length > 0 ? { parts: systemParts } : undefined;
    return { systemInstruction, contents: toContents(turns, context.traits), dropped };
  }
  const contents = toContents(withPreamble(turns, systemParts), context.traits);
  return { systemInstruction: undefined, contents, dropped };
}

/** Unlike `push(...items)`, which puts them all on the stack: a client may send more than it holds. */
function addAll<Item>(list: Item[], items: readonly Item[]): void {
  for (const item of items) list.push(item);
}

function toContents(turns: readonly Turn[], traits: ModelTraits): Content[] {
  return turns.map((turn) => toContent(turn, traits));
}

function toContent(turn: Turn, traits: ModelTraits): Content {
  switch (turn.kind) {
    case 'user':
      return { role: 'user', parts: turn.parts };
    case 'model':
      return { role: 'model', parts: traits.isThirdGeneration ? withSignature(turn.parts) : turn.parts };
    case 'tool': {
      const results = turn.results.toSorted((a, b) => a.order - b.order);
      return { role: 'user', parts: results.map(({ part }) => part) };
    }
  }
}

/** The first call of a turn must carry a signature; the later ones of a parallel turn have none. */
function withSignature(parts: Part[]): Part[] {
  const first = parts.find((part): part is FunctionCallPart => 'functionCall' in part);
  if (first === undefined || first.thoughtSignature !== undefined) return parts;
  return parts.map((part) => (part === first ? { ...first, thoughtSignature: STAND_IN } : part));
}

/** For models without a system instruction: its texts open what the user says first. */
function withPreamble(turns: readonly Turn[], systemParts: readonly TextPart[]): Turn[] {
  const preamble: TextPart = { text: systemParts.map(({ text }) => `${text}\n\n`).join('') };
  const first = turns.findIndex(({ kind }) => kind === 'user');
  const turn = turns[first];
  if (turn?.kind !== 'user') return [{ kind: 'user', parts: [preamble] }, ...turns];
  return turns.with(first, { kind: 'user', parts: [preamble, ...turn.parts] });
}

function systemTexts(content: JsonValue | undefined, path: string, baseUrl: string): TextPart[] {
  return toParts(content, `${path}.content`, baseUrl, 'text').filter(
    (part): part is TextPart => part !== null,
  );
}

function userParts(content: JsonValue | undefined, path: string, baseUrl: string): Part[] {
  // Null or empty can be meant; without the field it is a mistake, which Google could not name.
  if (content === undefined) throw invalid({ param: `${path}.content` }, 'is missing');
  const parts = toParts(content, `${path}.content`, baseUrl, 'all').filter((part) => part !== null);
  return parts.length === 0 ? [BLANK] : parts;
}

function assistantTexts(message: ChatMessage, path: string, baseUrl: string): Part[] {
  const parts: Part[] = toParts(message.content, `${path}.content`, baseUrl, 'text').filter(
    (part) => part !== null,
  );
  const refusal = textOf(message.refusal);
  return refusal === undefined ? parts : [...parts, { text: refusal }];
}

/** Of a picture without its own signature the newer models are told that it is lost, as of a call. */
function picturesIn(
  message: ChatMessage,
  path: string,
  { traits, baseUrl, signatures }: HistoryContext,
): Part[] {
  if (!traits.draws) return [];
  return objectsOf(message.images).flatMap((image, index) => {
    if (!isObject(image.image_url) || typeof image.image_url.url !== 'string') return [];
    const part = fromUrl(image.image_url.url, undefined, { param: `${path}.images[${index}]`, baseUrl });
    const signature = signatureOf(image, signatures) ?? (traits.isThirdGeneration ? STAND_IN : undefined);
    return [{ ...part, ...(signature !== undefined && { thoughtSignature: signature }) }];
  });
}

interface ResultContent {
  readonly text: string;
  readonly media: { readonly path: string; readonly part: MediaPart }[];
}

/** What a tool gave back: its texts as one, images and files apart. */
function resultContent(content: JsonValue | undefined, path: string, context: HistoryContext): ResultContent {
  // Tool results of frameworks that forget to stringify.
  if (isObject(content))
    throw invalid({ param: `${path}.content` }, 'is neither a string nor a list of parts');
  const texts: string[] = [];
  const media: { path: string; part: MediaPart }[] = [];
  toParts(content, `${path}.content`, context.baseUrl, 'all').forEach((part, index) => {
    if (part === null) return;
    if ('text' in part) texts.push(part.text);
    else media.push({ path: `${path}.content[${index}]`, part });
  });
  return { text: texts.join('\n'), media };
}
