// The page's files, with the headers that keep everything else out.
'use strict';

const { createReadStream } = require('node:fs');
const { readFile, stat } = require('node:fs/promises');
const path = require('node:path');

const PAGE = path.join(__dirname, '..', 'page');
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.mjs': 'text/javascript; charset=utf-8',
};
/** Names of the page's files: nothing that could lead out of its folder. */
const NAME = /^[a-z_]+\.(html|css|mjs|svg)$/;
const PICTURE = /^\/picture\/(\d{1,9})$/;

/** Scripts, styles and requests of its own alone; pictures also from memory. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "img-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/**
 * @param {string} pathname of a URL.
 * @param {(picture: number) => string | undefined} wanted the path of a picture that the page is to decode.
 * @returns {Promise<{ status: number, headers: Record<string, string>, body: Buffer | import('node:fs').ReadStream | null }>}
 */
async function assetOf(pathname, wanted) {
  const [, picture] = PICTURE.exec(pathname) ?? [];
  const name = pathname === '/' ? 'index.html' : pathname.slice(1);
  try {
    if (picture !== undefined) return await pictureOf(wanted(Number(picture)));
    if (!NAME.test(name)) return missing();
    const body = await readFile(path.join(PAGE, name));
    return found(TYPES[path.extname(name)], body);
  } catch {
    return missing();
  }
}

async function pictureOf(file) {
  if (file === undefined) return missing();
  const { size } = await stat(file);
  const { headers, ...rest } = found('application/octet-stream', createReadStream(file));
  return { ...rest, headers: { ...headers, 'content-length': String(size) } };
}

function found(type, body) {
  return { status: 200, headers: { ...HEADERS, 'content-type': type }, body };
}

function missing() {
  return { status: 404, headers: { ...HEADERS }, body: null };
}

module.exports = { assetOf, HEADERS, CONTENT_SECURITY_POLICY };
