// A worker: opens the model that the main thread has loaded, and does everything for a picture but the network's work,
// which the model's own threads do for all workers together.
import { workerData } from 'node:worker_threads';
import { BitForImageClassification, BitImageProcessor } from 'bigtransfer';
import sharp from 'sharp';
import { brightnessOf, fingerprintOf, sharpnessOf } from './looks.mjs';

// No picture comes twice: libvips need not keep what it has decoded.
sharp.cache(false);

const { shared, source } = workerData;
const model = await BitForImageClassification.fromShared(shared);
const processor = await BitImageProcessor.fromPretrained(source);

/** What is told of a picture: `{ path, label, score, sharpness, fingerprint }`, or `{ path, error }` where it cannot be read. */
export default async function look(path) {
  try {
    const pixels = await pixelsOf(path);
    const brightness = brightnessOf(pixels);
    // Under way while this thread looks at the pixels itself.
    const prediction = predict(pixels);
    const looks = { sharpness: sharpnessOf(brightness), fingerprint: fingerprintOf(brightness) };
    return { path, ...(await prediction), ...looks };
  } catch (error) {
    return { path, error: error.message };
  }
}

/** Decoded once, for the model and for ourselves. */
async function pixelsOf(path) {
  const upright = sharp(path).rotate().toColourspace('srgb').removeAlpha();
  const { data, info } = await upright.raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}

async function predict(pixels) {
  const { pixelValues } = await processor.preprocess(pixels);
  const { logits } = await model.forward(pixelValues);
  return best(logits.data);
}

/** The best class, and its softmax. */
function best(logits) {
  const index = logits.indexOf(Math.max(...logits));
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - logits[index]), 0);
  return { label: model.config.id2label[index], score: 1 / total };
}
