/** Content encodings as Express's body parsers know them. */
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

export type Inflater = ReturnType<typeof createGunzip>;

/** @returns undefined for an encoding nobody knows, and for a chain of them: a way to make a small body explode. */
export function createInflater(encoding: string): Inflater | undefined {
  switch (encoding.toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return undefined;
  }
}
