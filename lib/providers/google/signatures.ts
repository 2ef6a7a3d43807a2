/**
 * Thought signatures: Gemini 3 and later demand each turn's first function call back with the opaque signature it
 * came with. OpenAI has no field for it. https://ai.google.dev/gemini-api/docs/thought-signatures
 */
import { isObject, type JsonObject, type JsonValue } from '../../openai/types.ts';

/** Google's documented stand-in, for calls whose signature is lost or was never made (another model's history). */
export const STAND_IN = 'skip_thought_signature_validator';

/** LiteLLM appends the signature to the id. */
const ID_SUFFIX = '__thought__';

/** Signatures by call id, for clients that drop what they do not know. Opaque blobs under ids nobody can guess. */
export interface Signatures {
  get(callId: string): string | undefined;
  set(callId: string, signature: string): void;
}

/**
 * A bounded memory: the oldest go first.
 * @param maxCharacters Of all signatures together. Default 16 Mi: a signature has some thousand.
 */
export function createSignatures(maxEntries = 1000, maxCharacters: number = 16 * 1024 * 1024): Signatures {
  // A Map keeps the order of insertion: what is used is put at the end again.
  const entries = new Map<string, string>();
  let characters = 0;

  function remove(callId: string): string | undefined {
    const signature = entries.get(callId);
    entries.delete(callId);
    characters -= signature?.length ?? 0;
    return signature;
  }

  function set(callId: string, signature: string): void {
    remove(callId);
    if (signature.length > maxCharacters) return;
    entries.set(callId, signature);
    characters += signature.length;
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries && characters <= maxCharacters) return;
      remove(oldest);
    }
  }

  function get(callId: string): string | undefined {
    const signature = remove(callId);
    if (signature !== undefined) set(callId, signature);
    return signature;
  }

  return { get, set };
}

/** The id as Google knows it. */
export function withoutSignature(callId: string): string {
  const end = callId.indexOf(ID_SUFFIX);
  return end === -1 ? callId : callId.slice(0, end);
}

/** The signature that came back with a call, in any of the forms that are in use; the first one counts. */
export function signatureOf(call: JsonObject, signatures: Signatures): string | undefined {
  const id = text(call.id);
  return (
    text(field(field(call.extra_content, 'google'), 'thought_signature')) ??
    text(field(call.provider_specific_fields, 'thought_signature')) ??
    text(field(call.function, 'thought_signature')) ??
    text(field(field(call.function, 'provider_specific_fields'), 'thought_signature')) ??
    (id === undefined ? undefined : (suffixOf(id) ?? signatures.get(withoutSignature(id))))
  );
}

function suffixOf(callId: string): string | undefined {
  const start = callId.indexOf(ID_SUFFIX);
  return start === -1 ? undefined : text(callId.slice(start + ID_SUFFIX.length));
}

function field(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
