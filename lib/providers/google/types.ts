/** What this package sends to the Gemini API (v1beta). Answers are read field by field, as if any may be missing. */
import type { JsonObject, JsonValue } from '../../openai/types.ts';

export interface Blob {
  mimeType: string;
  /** Base64, standard alphabet. */
  data: string;
}

export interface FileData {
  fileUri: string;
  mimeType?: string;
}

export type MediaPart = ({ inlineData: Blob } | { fileData: FileData }) & {
  /** Opaque; of a picture the model has made. */
  thoughtSignature?: string;
};

export interface TextPart {
  text: string;
  /** Opaque; models that draw want it back on what they said before a picture. */
  thoughtSignature?: string;
}

export interface FunctionCallPart {
  functionCall: { id?: string; name: string; args: JsonObject };
  /** Opaque; Gemini 3 and later want it back on the first call of a turn. */
  thoughtSignature?: string;
}

export interface FunctionResponsePart {
  functionResponse: { id?: string; name: string; response: JsonObject; parts?: MediaPart[] };
}

/** Of Google's own tools: code and what it printed, searches and what they found. It goes back as it came. */
export interface ToolPart {
  executableCode?: object;
  codeExecutionResult?: object;
  toolCall?: object;
  toolResponse?: object;
  thoughtSignature?: string;
}

export type Part = TextPart | MediaPart | FunctionCallPart | FunctionResponsePart | ToolPart;

export interface Content {
  role: 'user' | 'model';
  parts: Part[];
}

export interface FunctionDeclaration {
  name: string;
  description?: JsonValue;
  /** Plain JSON Schema, unlike the older `parameters`. */
  parametersJsonSchema?: JsonValue;
}

export interface FunctionCallingConfig {
  mode: 'ANY' | 'NONE' | 'VALIDATED';
  allowedFunctionNames?: string[];
}

export type ThinkingConfig = { thinkingBudget: number } | { thinkingLevel: ThinkingLevel };
export type ThinkingLevel = 'minimal' | 'low' | 'medium' | 'high' | 'xhigh';

export interface EmbedContentRequest {
  model: string;
  content: { parts: TextPart[] };
  outputDimensionality?: JsonValue;
  taskType?: JsonValue;
  title?: JsonValue;
}
