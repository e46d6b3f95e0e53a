// Values in a few words, for error messages: what is shown is all that is looked at, and secrets in URLs are left out.

/** Characters of a text, and of the whole description. */
const MOST_TEXT = 60;
const MOST_WORDS = 80;
/** Items of a list or members of an object, and how deep. */
const MOST_ITEMS = 6;
const MOST_DEPTH = 3;
/** Of a text, for secrets: what is shown is far shorter. */
const SEARCHED = 2000;

const CREDENTIALS = /^(\s*[a-z][a-z0-9+.-]*:\/*)[^/?#\s]*@/i;
/** One that does not end within what is looked at. */
const LONG_AUTHORITY = /^(\s*[a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*$/i;
const SECRET_PARAMETER =
  /([?&#;][^=&#\s]*?(?:token|key|secret|signature|sig|password|passwd|pwd|auth|credential|session)[^=&#\s]*=)[^&#\s]*/gi;

/** A text without user, password and secret parameters of the URL that it may be. */
export function withoutSecrets(text: string): string {
  const searched = text.slice(0, SEARCHED);
  const isCut = searched.length < text.length;
  const masked = searched.replace(CREDENTIALS, '$1…@').replace(SECRET_PARAMETER, '$1…');
  return isCut ? `${masked.replace(LONG_AUTHORITY, '$1…')}...` : masked;
}

/** A text that a caller gave, such as a URL or a path, short enough for a message. */
export function shorten(text: string, most = MOST_TEXT): string {
  const shown = withoutSecrets(text);
  return shown.length > most ? `${shown.slice(0, most - 3)}...` : shown;
}

/** A value in a few words: never longer than a line, whatever it is. */
export function describe(value: unknown): string {
  const words = describeWithin(value, 0);
  return words.length > MOST_WORDS ? `${words.slice(0, MOST_WORDS - 3)}...` : words;
}

function describeWithin(value: unknown, depth: number): string {
  try {
    if (typeof value === 'string') return depth === 0 ? `'${shorten(value)}'` : quoted(value);
    if (typeof value === 'function') return `function ${String(value.name)}`;
    if (typeof value === 'bigint') return `${String(value)}n`;
    if (typeof value !== 'object' || value === null) return String(value);
    return describeObject(value, depth);
  } catch {
    return 'an object that cannot be read'; // a proxy or a getter that throws
  }
}

const quoted = (text: string) => JSON.stringify(shorten(text));

function describeObject(value: object, depth: number): string {
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`;
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1);
  if (tag === 'ArrayBuffer' || tag === 'SharedArrayBuffer')
    return `${tag} of ${(value as ArrayBuffer).byteLength} bytes`;
  if (tag === 'Map' || tag === 'Set') return `${tag} of ${(value as Map<unknown, unknown>).size}`;
  if (tag === 'Date' || tag === 'RegExp') return String(value);
  if (tag === 'Error') return shorten(String(value));
  if (tag === 'URL' || value instanceof URL) return `'${shorten(String(value))}'`;
  if (depth === MOST_DEPTH) return Array.isArray(value) ? '[...]' : '{...}';
  return Array.isArray(value) ? describeList(value, depth) : describeMembers(value, depth);
}

function describeList(list: unknown[], depth: number): string {
  const items = list.slice(0, MOST_ITEMS).map((item) => describeWithin(item, depth + 1));
  const rest = list.length > MOST_ITEMS ? `, ... ${list.length} in all` : '';
  return `[${items.join(',')}${rest}]`;
}

function describeMembers(object: object, depth: number): string {
  const name = (object.constructor as { name?: unknown } | undefined)?.name;
  const members: string[] = [];
  for (const key in object) {
    if (members.length === MOST_ITEMS) {
      members.push('...');
      break;
    }
    const value = (object as Record<string, unknown>)[key];
    members.push(`${quoted(key)}:${describeWithin(value, depth + 1)}`);
  }
  const text = `{${members.join(',')}}`;
  return typeof name === 'string' && name !== 'Object' ? `${name} ${text}` : text;
}
