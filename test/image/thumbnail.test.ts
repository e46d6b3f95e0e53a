import sharp from 'sharp';
import { HeldImage } from '../../lib/image/input';
import { jpegUrl, thumbnailUrl } from '../../lib/image/thumbnail';
import { failure } from '../support/queue';

/** Left half red, right half blue. */
function halves(width: number, height: number) {
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) data[3 * i + (i % width < width / 2 ? 0 : 2)] = 255;
  return { data, width, height, channels: 3 };
}

async function decoded(url: string) {
  const [head = '', text = ''] = url.split(',');
  expect(head).toBe('data:image/jpeg;base64');
  return sharp(Buffer.from(text, 'base64')).raw().toBuffer({ resolveWithObject: true });
}

test.each([
  [400, 200, 100, 50],
  [200, 400, 50, 100],
  [60, 30, 60, 30],
])('%p × %p becomes %p × %p', async (width, height, newWidth, newHeight) => {
  const image = HeldImage.of(halves(width, height));
  const { data, info } = await decoded(await thumbnailUrl(image, 100));
  expect([info.width, info.height, info.channels]).toEqual([newWidth, newHeight, 3]);
  const row = 3 * newWidth * Math.floor(newHeight / 2);
  const [left, right] = [row + 3 * 5, row + 3 * (newWidth - 6)];
  for (const [at, expected] of [
    [left, [255, 0, 0]],
    [right, [0, 0, 255]],
  ] as const)
    for (let c = 0; c < 3; c++) expect(Math.abs(data[at + c]! - expected[c]!)).toBeLessThan(8);
});

test('pixels as they are', async () => {
  const { info, data } = await decoded(await jpegUrl(halves(32, 16)));
  expect([info.width, info.height]).toEqual([32, 16]);
  expect(data[0]).toBeGreaterThan(245);
});

test('what is no picture is told', async () => {
  const broken = HeldImage.of(Buffer.from('broken'));
  expect(await failure(thumbnailUrl(broken, 10))).toMatch(/^ERR_BIT_IMAGE: /);
});
