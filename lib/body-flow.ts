/**
 * A body on its way to a cloud while it still arrives: scanned as it flows, and never completed if it turns out to be
 * no valid request. So megabytes of images need no memory here, and the upload overlaps with the one to the cloud.
 */
import { Readable } from 'node:stream';
import {
  exchangeModel,
  faultOf,
  hasArrived,
  NO_BYTES,
  tooLarge,
  type BodyScanner,
  type BodyTaker,
  type CloudBody,
  type FoundModel,
  type HostRequest,
  type Upload,
} from './body.ts';
import { toBytes } from './body-raw.ts';

export class FlowBody implements CloudBody {
  readonly #taker: BodyTaker;
  readonly #scanner: BodyScanner;
  readonly #contentType: string;
  #head: Buffer;

  /** @param head What has been read so far; the model is in it. */
  constructor(taker: BodyTaker, head: Buffer, scanner: BodyScanner, contentType: string) {
    this.#taker = taker;
    this.#head = head;
    this.#scanner = scanner;
    this.#contentType = contentType;
  }

  toUpload(model: string): Upload {
    const announced = this.#taker.headers['content-length'];
    const head = this.#head;
    this.#head = NO_BYTES;
    const first = exchangeModel(head, this.#scanner.model as FoundModel, model);
    const cut = head.length - first.length;
    return {
      body: new FlowingBytes(this.#taker, first, head.length, this.#scanner),
      length: announced === undefined ? undefined : Number(announced) - cut,
      contentType: this.#contentType,
    };
  }

  toJson(): never {
    throw flowsOnly();
  }

  peek(): never {
    throw flowsOnly();
  }
}

function flowsOnly(): TypeError {
  return new TypeError('A body that flows cannot be read as data.');
}

/**
 * What arrives is passed on at once: as long as it is neither as long as announced nor ended, the cloud has no whole
 * request. The piece with which it would be is looked at first, like every other.
 */
class FlowingBytes extends Readable {
  readonly #req: HostRequest;
  readonly #scanner: BodyScanner;
  readonly #limit: number;
  #first: Buffer | undefined;
  #size: number;
  /** Bytes, as the client says; -1 where it does not. */
  readonly #announced: number;
  readonly #onData = (piece: Buffer | string): void => this.#pass(toBytes(this.#req, piece));
  readonly #onEnd = (): void => this.#finish();
  readonly #onClose = (): void => {
    if (!hasArrived(this.#req)) this.destroy(new Error('The client left while it sent its request.'));
  };

  constructor({ req, headers, limit }: BodyTaker, first: Buffer, size: number, scanner: BodyScanner) {
    super({ highWaterMark: 128 * 1024 });
    this.#req = req;
    this.#first = first;
    this.#size = size;
    this.#scanner = scanner;
    this.#limit = limit;
    this.#announced = Number(headers['content-length'] ?? -1);
    req.once('close', this.#onClose);
  }

  override _read(): void {
    if (this.#first === undefined) {
      this.#req.resume();
      return;
    }
    this.push(this.#first);
    this.#first = undefined;
    this.#req.on('data', this.#onData).on('end', this.#onEnd);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#leave();
    this.#req.removeListener('close', this.#onClose);
    // What the client still sends is of no use to anybody; it has to be read for the connection to live on.
    this.#req.resume();
    callback(error);
  }

  #pass(piece: Buffer): void {
    this.#scanner.push(piece);
    this.#size += piece.length;
    if (this.#size === this.#announced) this.#scanner.end();
    if (this.#isFaulty()) return;
    if (!this.push(piece)) this.#req.pause();
    if (this.#size === this.#announced) this.#finish();
  }

  #finish(): void {
    this.#leave();
    this.#scanner.end();
    if (!this.#isFaulty()) this.push(null);
  }

  #leave(): void {
    this.#req.removeListener('data', this.#onData).removeListener('end', this.#onEnd);
  }

  #isFaulty(): boolean {
    const fault = this.#size > this.#limit ? tooLarge(this.#limit) : faultOf(this.#scanner);
    if (fault !== undefined) this.destroy(fault);
    return fault !== undefined;
  }
}
