// What classActivationMap() gives: maps, what the model says, and pictures of both.
import { loadBinding } from '../binding/load';
import type { ImageProcessorData } from '../config/image_processor';
import { checkOptions } from '../config/options';
import { BitError, forCaller, invalid } from '../errors';
import type { HeldImage, RawPixels } from '../image/input';
import { preprocessImages } from '../image/processor';
import { encodePng, showPicture } from '../image/shown';
import type { Tensor } from '../tensor';
import { OVERLAY_CHECKS, type OverlayOptions } from './options';
import { overlay, type Heat } from './overlay';
import { placementOf, WHOLE_INPUT } from './placement';
import type { ExplainedClass } from './targets';

const DEFAULT_OPACITY = 0.6;

/** What there is to show of some images. */
export interface Explained {
  images: readonly HeldImage[];
  processor: ImageProcessorData;
  maps: Tensor<Float32Array>;
  logits: Tensor<Float32Array>;
  targets: readonly (readonly ExplainedClass[])[];
}

/**
 * Class activation maps of one or more images; made by classActivationMap().
 * @category Explanations
 */
export class ClassActivation {
  /**
   * [N, h, w] for one class of each image; [N, T, h, w] where several were asked for. What each cell
   * of the network's last map adds to the logit: the mean of a map plus the class's bias is its logit.
   * Cells are the output stride apart, 32 pixels of the network's input by default.
   */
  readonly maps: Tensor<Float32Array>;
  /** [N, numLabels], before softmax or sigmoid. */
  readonly logits: Tensor<Float32Array>;
  /** For each image the classes that its maps are of, in their order. */
  readonly targets: readonly (readonly ExplainedClass[])[];
  readonly #images: readonly HeldImage[];
  readonly #processor: ImageProcessorData;

  /** Use classActivationMap(). */
  constructor({ images, processor, maps, logits, targets }: Explained) {
    this.#images = images;
    this.#processor = processor;
    this.maps = maps;
    this.logits = logits;
    this.targets = targets;
  }

  /**
   * A PNG file of an image with one of its maps over it: red where it speaks for the class, blue
   * where against, the more opaque the more; the strongest cell of all of the image's maps has the
   * full opacity, so that its maps can be compared.
   * @param image its place in the list; a path or URL is read again.
   * @throws BitError ERR_BIT_IMAGE for an image that cannot be read any more, or where sharp does
   *   not load; ERR_BIT_CONFIG for an image, a target or an option that there is not.
   */
  overlay(image = 0, options: OverlayOptions = {}): Promise<Buffer> {
    return forCaller(async () => encodePng(await this.paint(image, options)));
  }

  /**
   * The same as RGB pixels. Images that are raw pixels need no sharp for it.
   * @throws as overlay().
   */
  overlayPixels(image = 0, options: OverlayOptions = {}): Promise<RawPixels> {
    return forCaller(() => this.paint(image, options));
  }

  private async paint(image: number, options: OverlayOptions): Promise<RawPixels> {
    const given = checkOptions(options, OVERLAY_CHECKS);
    const { on = 'original', target = 0, maxSide = null, signal, timeoutMs } = given;
    const heat = this.heatOf(image, target);
    const { opacity = DEFAULT_OPACITY, against = true, grey = true } = given;
    const paint = { opacity, against, grey };
    const held = this.#images[image] as HeldImage;
    if (on === 'input') {
      const seen = this.#processor.with({ doRescale: false, doNormalize: false });
      const pixels = await preprocessImages(held, seen, loadBinding(), { signal, timeoutMs });
      return overlay(pixels, heat, WHOLE_INPUT, paint);
    }
    const reading = { signal, timeoutMs };
    const { pixels, source } = await showPicture(held, maxSide, loadBinding(), reading);
    return overlay(pixels, heat, placementOf(source, this.#processor), paint);
  }

  private heatOf(image: number, target: number): Heat {
    const explained = this.targets[image];
    if (!explained)
      throw invalid('ERR_BIT_CONFIG', 'image', placesUpTo(this.targets.length), image);
    if (target >= explained.length)
      throw invalid('ERR_BIT_CONFIG', 'target', placesUpTo(explained.length), target);
    const [height, width] = this.maps.shape.slice(-2) as [number, number];
    const size = height * width;
    const start = image * explained.length * size;
    const all = this.maps.data.subarray(start, start + explained.length * size);
    const values = all.subarray(target * size, (target + 1) * size);
    const largest = all.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (!Number.isFinite(largest))
      throw new BitError(
        'ERR_BIT_IMAGE',
        'The map has values that are no numbers: nothing to show',
      );
    return { values, height, width, largest };
  }
}

function placesUpTo(count: number): string {
  return `an integer from 0 to ${count - 1}`;
}
