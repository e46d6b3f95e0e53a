// Text in lines, which end at \n or \r\n and nowhere else: readline breaks names at U+2028 too.

/** Characters of a line: a picture as a data: URL has some millions, and a file that is no text no end. */
const MOST_CHARACTERS = 2 ** 26;

/**
 * The lines of UTF-8 in pieces, without their ends and without a byte order mark; what is no UTF-8
 * becomes U+FFFD.
 * @param most characters of a line.
 * @throws Error for a longer line; what `pieces` throw.
 */
export async function* linesOf(
  pieces: AsyncIterable<Uint8Array | string>,
  most = MOST_CHARACTERS,
): AsyncGenerator<string, void, undefined> {
  let count = 0;
  let rest = '';
  const finished = (line: string) => {
    const text = count++ === 0 ? line.replace(/^\ufeff/, '') : line;
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  };
  for await (const text of decoded(pieces)) {
    // Each piece is looked through once, however long the line that it goes on with.
    const [first = '', ...others] = text.split('\n');
    rest += first;
    for (const next of others) {
      expectLength(rest, most, count);
      yield finished(rest);
      rest = next;
    }
    expectLength(rest, most, count);
  }
  if (rest !== '') yield finished(rest);
}

async function* decoded(pieces: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for await (const piece of pieces)
    yield typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true });
  yield decoder.decode();
}

function expectLength({ length }: string, most: number, before: number): void {
  if (length > most) throw new Error(`line ${before + 1} has more than ${most} characters`);
}
