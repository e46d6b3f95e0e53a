// Pictures as the addon's own decoders give them.
import { loadBinding } from '../../lib/binding/load';
import { runJob } from '../../lib/binding/job';
import { ImageProcessorData, preprocessSteps } from '../../lib/config/image_processor';
import type { RawPixels } from '../../lib/image/input';
import { encodedPicture } from '../../lib/image/picture';
import { toPixelTensor } from '../../lib/image/pixel_batch';

const PLAIN = new ImageProcessorData({
  doResize: false,
  doCenterCrop: false,
  doRescale: false,
  doNormalize: false,
});

/** Interleaved RGB; null for a file that is left to sharp. */
export async function decodedByAddon(file: Uint8Array): Promise<RawPixels | null> {
  const picture = encodedPicture(file, PLAIN, false);
  if (!picture) return null;
  const steps = preprocessSteps(PLAIN, picture.channels);
  const request = { picture, steps, gpuDecode: false, priority: 0 };
  const pixels = await runJob(() => loadBinding().preprocess(request));
  if (!pixels) return null;
  const { data: planes, shape } = toPixelTensor(pixels);
  const [, , height, width] = shape as [number, number, number, number];
  const data = new Uint8Array(planes.length);
  for (let i = 0; i < data.length; i++)
    data[i] = Number(planes[(i % 3) * height * width + Math.floor(i / 3)]);
  return { data, width, height, channels: 3 };
}
