/** Google's own types as the judge of ours. Nothing runs here: the compiler stops where ours do not fit. */
import type * as genai from '@google/genai';
import type {
  Blob,
  Content,
  EmbedContentRequest,
  FileData,
  FunctionCallPart,
  FunctionDeclaration,
  FunctionResponsePart,
  MediaPart,
  Part,
  TextPart,
} from '../../../lib/providers/google/types.ts';

/** The compiler stops here unless every `Ours` can stand where `Theirs` is expected. */
type Fits<Theirs, Ours extends Theirs> = Ours;

type Loose<Value> = { [Key in keyof Value]?: Value[Key] | undefined };

/** Every key of ours exists in theirs: an unknown one would be a 400. */
type KeysOf<Value> = Value extends unknown ? keyof Value : never;

export type Checks = [
  Fits<genai.Content, Content>,
  Fits<genai.Part, Part>,
  Fits<genai.Part, TextPart | MediaPart>,
  Fits<Loose<genai.FunctionCall>, FunctionCallPart['functionCall']>,
  Fits<Loose<genai.FunctionResponse>, FunctionResponsePart['functionResponse']>,
  Fits<genai.Blob, Blob>,
  Fits<genai.FileData, FileData>,
  Fits<keyof genai.FunctionDeclaration, keyof FunctionDeclaration>,
  Fits<keyof genai.Part, KeysOf<Part>>,
  Fits<keyof genai.Content, keyof Content>,
  Fits<keyof genai.EmbedContentConfig, Exclude<keyof EmbedContentRequest, 'model' | 'content'>>,
];
