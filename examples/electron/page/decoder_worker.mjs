// Decodes pictures one after the other, to pixels for the engine and a thumbnail for the page.
/* global self, ImageDecoder, OffscreenCanvas, createImageBitmap */
import { sizeOf } from './picture_size.mjs';

const THUMBNAIL_TYPE = 'image/webp';

/** One at a time: each may take a lot of memory. */
let last = Promise.resolve();

self.addEventListener('message', ({ data: request }) => {
  last = last.then(async () => {
    const { picture } = request;
    try {
      const { pixels, thumbnail } = await decode(request);
      self.postMessage({ picture, pixels, thumbnail }, [pixels.data.buffer]);
    } catch ({ message }) {
      self.postMessage({ picture, message: `It cannot be decoded: ${message}` });
    }
  });
});

async function decode({ picture, side, thumbnailSide, maxPixels }) {
  const response = await fetch(`/picture/${picture}`);
  if (!response.ok) throw new Error('it cannot be read');
  const blob = await response.blob();
  const decoded = await sourceOf(blob, { side, maxPixels });
  try {
    const canvas = drawn(decoded, side);
    const { width, height } = canvas;
    const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
    const thumbnail = await drawn(canvas, thumbnailSide).convertToBlob({ type: THUMBNAIL_TYPE });
    return { pixels: { data: new Uint8Array(data.buffer), width, height }, thumbnail };
  } finally {
    decoded.close();
  }
}

/** JPEGs are shrunk as they are decoded, whatever their size; of others all pixels have to be there at once. */
async function sourceOf(blob, { side, maxPixels }) {
  const start = new Uint8Array(await blob.slice(0, 4096).arrayBuffer());
  if (start[0] === 0xff && start[1] === 0xd8) return jpegFrame(blob, side);
  const { width, height } = sizeOf(start) ?? { width: 0, height: 0 };
  if (width * height > maxPixels) {
    const most = Math.round(maxPixels / 1e6);
    throw new Error(
      `${width} × ${height} are too many pixels. Of pictures other than JPEGs at most ${most} megapixels are decoded without sharp`,
    );
  }
  return createImageBitmap(blob, { colorSpaceConversion: 'none' });
}

/** @returns {Promise<VideoFrame>} with each side at least so long, where the picture's is; turned upright when it is drawn. */
async function jpegFrame(blob, side) {
  const decoder = new ImageDecoder({
    data: blob.stream(),
    type: 'image/jpeg',
    desiredWidth: side,
    desiredHeight: side,
    colorSpaceConversion: 'none',
  });
  try {
    return (await decoder.decode()).image;
  } finally {
    decoder.close();
  }
}

/** Never larger than it is. @returns {OffscreenCanvas} with no side longer than this. */
function drawn(source, side) {
  const width = source.displayWidth ?? source.width;
  const height = source.displayHeight ?? source.height;
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(width * scale)),
    Math.max(1, Math.round(height * scale)),
  );
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.imageSmoothingQuality = 'high';
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}
