/**
 * A body on its way to a cloud while it still arrives: scanned as it flows, and never completed if it turns out to be
 * no valid request. So megabytes of images need no memory here, and the upload overlaps with the one to the cloud.
 */
import { Readable } from 'node:stream';
import {
  exchangeModel,
  faultOf,
  tooLarge,
  type BodyScanner,
  type CloudBody,
  type FoundModel,
  type HostRequest,
} from './body.ts';
import { readChunk } from './body-raw.ts';
import type { JsonObject } from './openai/types.ts';

/** @param head What has been read so far; the model is in it. */
export function flowingBody(
  req: HostRequest,
  head: Buffer,
  scanner: BodyScanner,
  contentType: string,
  limit: number,
): CloudBody {
  return {
    toUpload(model) {
      const announced = req.headers['content-length'];
      const first = exchangeModel(head, scanner.model as FoundModel, model);
      const cut = head.length - first.length;
      const length = announced === undefined ? undefined : Number(announced) - cut;
      return { body: new FlowingBody(req, first, head.length, scanner, limit), length, contentType };
    },
    // Only what is taken whole is converted.
    toJson: (): JsonObject => {
      throw new TypeError('A body that flows cannot be read as data.');
    },
  };
}

class FlowingBody extends Readable {
  readonly #req: HostRequest;
  readonly #scanner: BodyScanner;
  readonly #limit: number;
  /** The newest piece: held until the next one, or the end, has shown that the body may go on. */
  #held: Buffer;
  #size: number;
  /** Bytes, as the client says; -1 where it does not. */
  readonly #announced: number;
  #wanted = false;
  readonly #onReadable = (): void => {
    if (this.#wanted) this.#pull();
  };
  readonly #onClose = (): void => {
    if (!this.#req.complete) this.destroy(new Error('The client left while it sent its request.'));
  };

  constructor(req: HostRequest, first: Buffer, size: number, scanner: BodyScanner, limit: number) {
    super({ highWaterMark: 128 * 1024 });
    this.#req = req;
    this.#held = first;
    this.#size = size;
    this.#scanner = scanner;
    this.#limit = limit;
    this.#announced = Number(req.headers['content-length'] ?? -1);
    req.on('readable', this.#onReadable);
    req.once('close', this.#onClose);
  }

  override _read(): void {
    this.#wanted = true;
    this.#pull();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#req.removeListener('readable', this.#onReadable);
    this.#req.removeListener('close', this.#onClose);
    // What the client still sends is of no use to anybody; it has to be read for the connection to live on.
    this.#req.resume();
    callback(error);
  }

  #pull(): void {
    for (let chunk = readChunk(this.#req); chunk !== null; chunk = readChunk(this.#req)) {
      this.#scanner.push(chunk);
      this.#size += chunk.length;
      if (this.#isFaulty()) return;
      const piece = this.#held;
      this.#held = chunk;
      if (!this.push(piece)) {
        this.#wanted = false;
        return;
      }
    }
    if (this.#size === this.#announced || this.#req.complete) this.#finish();
  }

  #finish(): void {
    this.#req.removeListener('readable', this.#onReadable);
    this.#scanner.end();
    if (this.#isFaulty()) return;
    this.push(this.#held);
    this.push(null);
  }

  #isFaulty(): boolean {
    const fault = this.#size > this.#limit ? tooLarge(this.#limit) : faultOf(this.#scanner);
    if (fault !== undefined) this.destroy(fault);
    return fault !== undefined;
  }
}
