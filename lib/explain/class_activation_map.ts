// classActivationMap(): what part of each picture spoke for a class. By the decomposition of Zhou et al.,
// "Learning Deep Features for Discriminative Localization" (arXiv 1512.04150), which is exact for BiT: its head
// is linear in the mean of its last map.
import { setImmediate } from 'node:timers/promises';
import { checkOptions } from '../config/options';
import { BitError, forCaller, inList } from '../errors';
import { HeldImage, type ImageInput } from '../image/input';
import type { BitForImageClassification } from '../models/bit_for_image_classification';
import type { ModelInputs } from '../models/native_input';
import { required } from '../models/outputs';
import { outputsOf, type BatchOptions } from '../pipelines/batches';
import { rowsOf } from '../pipelines/features';
import { ofBatches, type ImageClassificationPipeline } from '../pipelines/pipeline';
import { labelOf, scoresOf } from '../pipelines/scores';
import { Tensor } from '../tensor';
import { ClassActivation } from './class_activation';
import { explainerOf, type Explainer } from './explainer';
import type { HeadRow } from './head';
import { CLASS_ACTIVATION_CHECKS, type ClassActivationOptions } from './options';
import type { ExplainedClass } from './targets';

/** Products that are added up between two turns of the event loop: a few milliseconds' work. */
const PRODUCTS_AT_A_TIME = 1 << 22;

/** One batch's last maps [n, C, h, w] and logits [n, numLabels]. */
interface Answer {
  last: Tensor<Float32Array>;
  logits: Tensor<Float32Array>;
}

/** One image's maps, one after the other, and what they are of. */
interface Explanation {
  maps: Float32Array;
  /** Of one map: height and width. */
  size: readonly number[];
  logits: Float32Array;
  classes: ExplainedClass[];
}

/**
 * Says what part of each picture spoke for a class, exactly: BiT's head is linear in the mean of
 * its last map, so that each cell of that has a part of its own in the logit. One forward pass for
 * each batch.
 * @param model a pipeline for image classification; or a model, with `processor` in the options.
 * @param images one image or a list whose images come out equally large; see {@link ImageInput}. They are
 *   kept (paths and URLs as such) for the pictures that the result can make.
 * @returns maps [N, h, w], or [N, T, h, w] for several classes: their mean plus the bias is the
 *   logit (where the network computes in another type than float32, within its rounding).
 * @throws BitError ERR_BIT_CONFIG for a class or an option that there is not, or a model without a
 *   head; ERR_BIT_IMAGE, whose `index` names the bad image of a list; and as forward() does.
 * @category Explanations
 */
export function classActivationMap(
  model: ImageClassificationPipeline | BitForImageClassification,
  images: ImageInput | readonly ImageInput[],
  options: ClassActivationOptions = {},
): Promise<ClassActivation> {
  return forCaller(async () => {
    const given = checkOptions(options, CLASS_ACTIVATION_CHECKS);
    const explainer = explainerOf(model, given);
    // At once: the caller may use its memory again once the call has returned.
    const held = Array.isArray(images)
      ? Array.from(images as ImageInput[], (image) => HeldImage.of(image))
      : HeldImage.of(images as ImageInput);
    const explanations: Explanation[] = [];
    for await (const answer of answersTo(held, explainer))
      for (const each of await explain(answer, explainer)) explanations.push(each);
    expectSameSize(explanations);
    const isSeveral = Array.isArray(given.target) || given.topK !== undefined;
    const { processor } = explainer;
    return new ClassActivation({
      images: [held].flat(),
      processor,
      ...joined(explanations, isSeveral),
    });
  });
}

/** What the network makes of each batch. */
function answersTo(
  images: HeldImage | HeldImage[],
  { runner, processor, batching }: Explainer,
): AsyncGenerator<Answer> {
  const asked = () => ({ outputs: { lastHiddenState: true, logits: true } });
  const forward = async (inputs: ModelInputs, call: Pick<BatchOptions, 'signal' | 'priority'>) => {
    const result = await runner.forward(inputs, call, asked);
    return { last: required(result, 'lastHiddenState'), logits: required(result, 'logits') };
  };
  const model = { device: runner.session.device, forward };
  return outputsOf(images, ofBatches(processor), model, batching);
}

async function explain({ last, logits }: Answer, explainer: Explainer): Promise<Explanation[]> {
  const { choose, functionToApply, head } = explainer;
  const { config } = explainer.runner;
  const scores = scoresOf(logits, config, functionToApply);
  const activations = rowsOf(last);
  const explanations: Explanation[] = [];
  for (const [image, { data: row }] of rowsOf(logits).entries()) {
    const chosen = choose(row);
    const rows = await head.of(chosen);
    const { data, shape } = activations[image] as Tensor<Float32Array>;
    const size = shape.slice(2);
    explanations.push({
      maps: await mapsOf(
        data,
        chosen.map((index) => rows.get(index) as HeadRow),
      ),
      size,
      logits: row,
      classes: chosen.map((index) => ({
        index,
        label: labelOf(config, index),
        score: scores[image]?.[index] as number,
        logit: row[index] as number,
        bias: rows.get(index)?.bias as number,
      })),
    });
  }
  return explanations;
}

/** The map of each class, from an image's activations [C, h, w]: a weighted sum over the channels. */
async function mapsOf(activations: Float32Array, rows: HeadRow[]): Promise<Float32Array> {
  const channels = rows[0]?.weight.length ?? 1;
  const cells = activations.length / channels;
  const maps = new Float32Array(rows.length * cells);
  let products = 0;
  for (const [place, { weight }] of rows.entries()) {
    products += activations.length;
    if (products > PRODUCTS_AT_A_TIME) {
      await setImmediate();
      products = 0;
    }
    const sums = new Float64Array(cells);
    for (let channel = 0; channel < channels; channel++) {
      const factor = weight[channel] as number;
      for (let cell = 0; cell < cells; cell++)
        sums[cell]! += factor * (activations[channel * cells + cell] as number);
    }
    maps.set(sums, place * cells);
  }
  return maps;
}

/** Batches of other sizes would pass one by one. */
function expectSameSize(explanations: readonly Explanation[]): void {
  const [first] = explanations as [Explanation];
  const index = explanations.findIndex(({ size }) => String(size) !== String(first.size));
  if (index < 0) return;
  const text = (size: readonly number[]) => size.join(' x ');
  const sizes = `${text((explanations[index] as Explanation).size)} but the first ${text(first.size)}`;
  const message = `has a map of ${sizes}: turn on doCenterCrop, or explain images of other sizes by calls of their own`;
  throw inList(new BitError('ERR_BIT_IMAGE', message, { index }), explanations.length);
}

function joined(explanations: readonly Explanation[], isSeveral: boolean) {
  const [{ maps: firstMaps, size, classes, logits: firstLogits }] = explanations as [Explanation];
  const count = explanations.length;
  const maps = new Float32Array(count * firstMaps.length);
  const logits = new Float32Array(count * firstLogits.length);
  explanations.forEach((each, image) => {
    maps.set(each.maps, image * firstMaps.length);
    logits.set(each.logits, image * firstLogits.length);
  });
  const shape = isSeveral ? [count, classes.length, ...size] : [count, ...size];
  return {
    maps: Tensor.from(maps, shape),
    logits: Tensor.from(logits, [count, firstLogits.length]),
    targets: explanations.map((each) => each.classes),
  };
}
