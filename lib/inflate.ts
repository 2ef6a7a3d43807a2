/** Content encodings as Express's body parsers know them. */
import zlib from 'node:zlib';

export type Inflater = ReturnType<typeof zlib.createGunzip>;

/** @returns undefined for an encoding nobody knows, and for a chain of them: a way to make a small body explode. */
export function createInflater(encoding: string): Inflater | undefined {
  switch (encoding.toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip();
    case 'deflate':
      return zlib.createInflate();
    case 'br':
      return zlib.createBrotliDecompress();
    case 'zstd':
      // Since Node 22.15.
      return (zlib as { createZstdDecompress?: () => Inflater }).createZstdDecompress?.();
    default:
      return undefined;
  }
}
