/**
 * Finds the `model` field of a `multipart/form-data` body as its bytes arrive (RFC 7578). Nothing else is looked at,
 * and nothing is kept but the few bytes in which a delimiter could be cut.
 */
import { isUtf8 } from 'node:buffer';
import type { BodyScanner, FoundModel } from './body.ts';

/** More than any real part needs. Bytes. */
const MAX_HEADERS = 16 * 1024;
/** A model id is short; what is longer is no model. Bytes. */
const MAX_MODEL = 1024;

const HEADERS_END = Buffer.from('\r\n\r\n');

/** @param contentType The request's own, with the boundary in it. */
export function createMultipartScanner(contentType: string): BodyScanner {
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return new MultipartScanner(boundary?.[1] ?? boundary?.[2]);
}

type Step = 'preamble' | 'headers' | 'model' | 'content' | 'epilogue';

class MultipartScanner implements BodyScanner {
  readonly isForm = true;
  model: FoundModel | undefined = undefined;
  modelCount = 0;
  malformed: string | undefined = undefined;
  /** There is no JSON here; the name is the seam's. False would mean that no model can be found. */
  isObject: boolean | undefined = undefined;
  readonly #delimiter: Buffer;
  #step: Step = 'preamble';
  /** Bytes not done with, and where they begin in the body. The first delimiter may lack the line break before it. */
  #pending: Buffer = Buffer.from('\r\n');
  #offset = -2;

  constructor(boundary: string | undefined) {
    this.#delimiter = Buffer.from(`\r\n--${boundary ?? ''}`);
    if (boundary === undefined || boundary.length > 70) this.isObject = false;
  }

  push(chunk: Uint8Array): void {
    if (this.isObject === false || this.malformed !== undefined) return;
    this.#pending =
      this.#pending.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        : Buffer.concat([this.#pending, chunk]);
    while (this.#advance());
    // `pending` may be a view of the caller's bytes, which it changes later.
    this.#pending = Buffer.from(this.#pending);
  }

  /** A form is always read as far as its bytes reach: its parts may come in any order. */
  pushRest(): void {}

  end(): void {
    if (this.#step !== 'epilogue') this.malformed ??= 'the form is cut off';
  }

  /** One step further, as far as the bytes reach. @returns whether there may be more to do. */
  #advance(): boolean {
    switch (this.#step) {
      case 'preamble':
      case 'content':
        return this.#skipContent();
      case 'headers':
        return this.#readHeaders();
      case 'model':
        return this.#readModel();
      case 'epilogue':
        this.#drop(this.#pending.length);
        return false;
    }
  }

  #skipContent(): boolean {
    const at = this.#pending.indexOf(this.#delimiter);
    if (at === -1) {
      this.#drop(Math.max(0, this.#pending.length - this.#delimiter.length + 1));
      return false;
    }
    return this.#passDelimiter(at);
  }

  /** Behind a delimiter: `--` ends the form, anything else begins a part. */
  #passDelimiter(at: number): boolean {
    const after = at + this.#delimiter.length;
    if (this.#pending.length < after + 2) return this.#waitAt(at);
    const last = this.#pending[after] === 0x2d && this.#pending[after + 1] === 0x2d;
    this.#step = last ? 'epilogue' : 'headers';
    this.#drop(after);
    return true;
  }

  #waitAt(at: number): false {
    // The step looks for the same delimiter again when more bytes are there.
    if (this.#step !== 'model') this.#drop(at);
    return false;
  }

  #readHeaders(): boolean {
    const end = this.#pending.indexOf(HEADERS_END);
    if (end === -1) {
      if (this.#pending.length > MAX_HEADERS) this.malformed = 'the headers of a part are too long';
      return false;
    }
    const isModel = namesModel(this.#pending.toString('latin1', 0, end));
    if (isModel) this.modelCount += 1;
    this.#step = isModel && this.modelCount === 1 ? 'model' : 'content';
    // The line break before the next delimiter may be the one that ends these headers: a part without content.
    this.#drop(end + (isModel ? 4 : 2));
    return true;
  }

  #readModel(): boolean {
    const at = this.#pending.indexOf(this.#delimiter);
    if (at === -1) {
      if (this.#pending.length > MAX_MODEL + this.#delimiter.length) this.malformed = 'the model is too long';
      return false;
    }
    const bytes = this.#pending.subarray(0, at);
    // Read as text it has another length, and something else than the prefix would be cut out.
    if (!isUtf8(bytes)) this.malformed = 'the model is not UTF-8';
    const value = bytes.toString('utf8');
    this.model = { value, start: this.#offset, end: this.#offset + at, escaped: false, bare: true };
    this.#step = 'content';
    return true;
  }

  #drop(count: number): void {
    this.#pending = this.#pending.subarray(count);
    this.#offset += count;
  }
}

/**
 * Whether these are the headers of the field `model`, and not of a file that happens to be called so. Headers may be in
 * any letters, the name of a field may not.
 */
function namesModel(headers: string): boolean {
  const disposition = /^content-disposition:\s*form-data\b(.*)$/im.exec(headers)?.[1] ?? '';
  const name = /;\s*name=("?)model\1(?=\s*(?:;|$))/i.exec(disposition)?.[0];
  return name?.includes('model') === true && !/;\s*filename\*?=/i.test(disposition);
}
