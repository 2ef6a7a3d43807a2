/** Base64 as clouds that decode it themselves want it. Base64url, line breaks and missing padding are all in use. */
export function toPlainBase64(data: string): string {
  const digits = data
    .replace(/\s+/g, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/={1,2}$/, '');
  return digits.padEnd(Math.ceil(digits.length / 4) * 4, '=');
}
