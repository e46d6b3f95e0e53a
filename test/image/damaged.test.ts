// Pictures that JavaScript decodes, where they are cut off or changed anywhere: an answer, or an error in words.
import { decodeBmp } from '../../lib/image/bmp';
import { formatOf } from '../../lib/image/format';
import { decodeNetpbm } from '../../lib/image/netpbm';
import { BitError } from '../../lib';
import { damaged, named } from '../support/damaged';

test.each([
  ['BMP', decodeBmp],
  ['P', decodeNetpbm],
] as const)('%s', async (format, decode) => {
  for (const [seed, { file }] of named(format).entries()) {
    for (const bytes of damaged(file, seed)) {
      const name = formatOf(bytes);
      if (name !== 'BMP' && name !== 'Netpbm') continue;
      const { width, height, data } = await decode(bytes).catch((error: unknown) => {
        expect(error).toBeInstanceOf(BitError);
        expect((error as Error).message).toMatch(
          /cut short|not read|pixels at most|number|value|digits/,
        );
        return { width: 0, height: 0, data: [] };
      });
      expect(data).toHaveLength(3 * width * height);
    }
  }
});
