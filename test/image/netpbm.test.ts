import { decodeNetpbm } from '../../lib/image/netpbm';

test.each(['P1\n2 1\n1 # and no end', 'P2\n2 1 255\n7 # and no end'])(
  'a comment that the file ends in leaves %j cut short',
  async (text) => {
    await expect(decodeNetpbm(Buffer.from(text))).rejects.toMatchObject({
      code: 'ERR_BIT_IMAGE',
      message: expect.stringContaining('cut short') as string,
    });
  },
);
