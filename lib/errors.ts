// The errors that users see: one class, a stable code, a message that says what, where and what to do.

/** Stable codes of {@link BitError}; new ones may be added, none changes its meaning. */
export type BitErrorCode =
  | 'ERR_BIT_CONFIG'
  | 'ERR_BIT_CHECKPOINT'
  | 'ERR_BIT_IMAGE'
  | 'ERR_BIT_SHAPE'
  | 'ERR_BIT_DEVICE'
  | 'ERR_BIT_OUT_OF_MEMORY'
  | 'ERR_BIT_DISPOSED'
  | 'ERR_BIT_OVERLOADED'
  | 'ERR_BIT_LIBTORCH';

/**
 * Everything that this package throws or rejects with, save an aborted signal's own reason.
 * `code` is stable; `cause` holds the underlying error where there is one; `index` is the place in
 * the list of images where that applies.
 */
export class BitError extends Error {
  override readonly name = 'BitError';
  readonly code: BitErrorCode;
  declare readonly index?: number;

  constructor(code: BitErrorCode, message: string, options?: { cause?: unknown; index?: number }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options?.index !== undefined) this.index = options.index;
  }
}

/** The one shape of "wrong value" messages: `Expected <what> for <name> but received <value>`. */
export function invalid(
  code: BitErrorCode,
  name: string,
  expected: string,
  actual: unknown,
): BitError {
  return new BitError(code, `Expected ${expected} for ${name} but received ${describe(actual)}`);
}

/** A value in a few words, for error messages: never longer than a line. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return `'${value.length > 60 ? `${value.slice(0, 57)}...` : value}'`;
  if (typeof value === 'function') return `function ${value.name}`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`;
  if (typeof value !== 'object' || value === null) return String(value);
  const text = safeStringify(value) ?? Object.prototype.toString.call(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function safeStringify(value: object): string | undefined {
  try {
    return JSON.stringify(value, (_, item: unknown) =>
      typeof item === 'bigint' ? `${item}n` : item,
    );
  } catch {
    return undefined; // cyclic
  }
}
