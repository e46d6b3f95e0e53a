// Images that are written in text: data: URLs, and base64 alone.
import { BitError, describe } from '../errors';

/** Shorter texts are names of files. */
const LEAST_BASE64 = 24;
const BASE64 = /^[\w+/\s-]*=*\s*$/;

/** The bytes of a data: URL. @throws BitError ERR_BIT_IMAGE where it is none. */
export function decodeDataUrl(url: string): Uint8Array {
  const comma = url.indexOf(',');
  if (comma < 0) fail(`A data: URL needs a comma before its data: ${describe(url)}`);
  const isBase64 = /;\s*base64\s*$/i.test(url.slice(0, comma));
  const body = percentBytes(url.slice(comma + 1));
  if (isBase64 && !BASE64.test(body))
    fail(`A base64 data: URL holds something else: ${describe(url)}`);
  return Buffer.from(body, isBase64 ? 'base64' : 'latin1');
}

/** The bytes of base64 without a URL before it, which transformers takes too; null for other text. */
export function decodeBase64(text: string): Uint8Array | null {
  if (text.length < LEAST_BASE64 || !BASE64.test(text)) return null;
  return Buffer.from(text, 'base64');
}

/** One latin-1 character for each byte: an image is not UTF-8. */
function percentBytes(body: string): string {
  return body.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
}

function fail(message: string): never {
  throw new BitError('ERR_BIT_IMAGE', message);
}
