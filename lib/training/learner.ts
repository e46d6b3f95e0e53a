// A network that learns: gradients of micro-batches, steps, and files to go on from.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadBinding } from '../binding/load';
import { runJob } from '../binding/job';
import type { MicroBatch, NativeTrainer, TrainerRequest } from '../binding/training_types';
import { networkSpec } from '../config/network_spec';
import type { BitConfig } from '../models/bit_config';
import { KIND } from '../models/bit_for_image_classification';
import type { TrainingDevice } from './device';
import { together, type Peers } from './peers/peers';

/** In the folder of a model. */
const WEIGHTS = 'model.safetensors';
/** Beside it in a checkpoint. */
const OPTIMIZER = 'optimizer.safetensors';

/** What a network learns by. */
export interface LearnerSettings extends Pick<
  TrainerRequest,
  | 'dtype'
  | 'gradientCheckpointing'
  | 'problemType'
  | 'momentum'
  | 'weightDecay'
  | 'seed'
  | 'threads'
  | 'device'
  | 'allowTf32'
> {
  /** Of what it becomes, its labels too. */
  config: BitConfig;
}

/** Part of a step: its share is that of its images. */
export type LearnerBatch = Omit<MicroBatch, 'weight'>;

export class Learner {
  private constructor(
    private readonly config: BitConfig,
    private readonly native: NativeTrainer,
  ) {}

  /** Where it learns, 'cpu' or 'cuda:N'. */
  get device(): TrainingDevice {
    return this.native.device as TrainingDevice;
  }

  /** Others that learn the same from other images of each batch; null where there are none. */
  private peers: Peers | null = null;

  /**
   * From a model's weights.
   * @param files checkpoints; none for random weights.
   * @param zeroHead whether the head starts at zero; else where the files have it, or at random.
   * @throws BitError ERR_BIT_CHECKPOINT for files that are broken or of another network.
   */
  static begin(
    files: string[],
    settings: LearnerSettings,
    { zeroHead }: { zeroHead: boolean },
  ): Promise<Learner> {
    return Learner.open(settings, { files, zeroHead, optimizerFile: '' });
  }

  /** From a folder that save() has written. @throws BitError ERR_BIT_CHECKPOINT. */
  static resume(folder: string, settings: LearnerSettings): Promise<Learner> {
    const optimizerFile = join(folder, OPTIMIZER);
    return Learner.open(settings, {
      files: [join(folder, WEIGHTS)],
      zeroHead: false,
      optimizerFile,
    });
  }

  private static async open(
    { config, ...settings }: LearnerSettings,
    start: Pick<TrainerRequest, 'files' | 'zeroHead' | 'optimizerFile'>,
  ): Promise<Learner> {
    const native = await loadBinding().loadTrainer({
      spec: networkSpec(config, config.numLabels),
      prefix: KIND.prefix,
      // A head for other labels starts afresh.
      ignoreMismatchedSizes: true,
      ignoreMissingKeys: false,
      ...settings,
      ...start,
    });
    return new Learner(config, native);
  }

  /**
   * From now on learns together with others, which all call this: from what rank 0 starts with.
   * @throws BitError ERR_BIT_TRAINING where one is gone.
   */
  async join(peers: Peers): Promise<void> {
    await peers.takeFromFirst(this.native);
    this.peers = peers;
  }

  /**
   * One step along the mean loss of all images of these batches, and of those that peers have.
   * @param images how many those are in all.
   * @returns that loss, before the step.
   * @throws BitError ERR_BIT_SHAPE for what does not fit, and what peers reject with; the signal's reason. Nothing is learnt
   * then.
   */
  async step(
    batches: Iterable<LearnerBatch> | AsyncIterable<LearnerBatch>,
    images: number,
    learningRate: number,
    signal?: AbortSignal,
  ): Promise<number> {
    let loss = 0;
    try {
      // As texts: JSON has no NaN.
      const parts = await together(this.peers, async () =>
        String(await this.accumulate(batches, images, signal)),
      );
      for (const part of parts) loss += Number(part);
      if (!Number.isFinite(loss)) throw new LossError(loss);
      await this.peers?.sum(this.native);
    } catch (error) {
      await this.native.forget();
      throw error;
    }
    await this.native.step(learningRate);
    return loss;
  }

  /** @returns its share of the loss. */
  private async accumulate(
    batches: Iterable<LearnerBatch> | AsyncIterable<LearnerBatch>,
    images: number,
    signal?: AbortSignal,
  ): Promise<number> {
    let loss = 0;
    for await (const batch of batches) {
      const own = batch.mixing?.partners.length ?? (batch.pixelValues.shape[0] as number);
      const weight = own / images;
      loss += weight * (await runJob(() => this.native.accumulate({ ...batch, weight }), signal));
    }
    return loss;
  }

  /** Writes a model's directory but for the image processor's config. */
  async save(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    await this.config.savePretrained(folder, KIND.architecture);
    await this.native.save(join(folder, WEIGHTS));
  }

  /** The same with what the optimiser remembers, for {@link resume}. */
  async saveAll(folder: string): Promise<void> {
    await this.save(folder);
    await this.native.saveOptimizer(join(folder, OPTIMIZER));
  }

  dispose(): void {
    this.native.dispose();
  }
}

/** A loss that is no number any more. */
export class LossError extends Error {
  constructor(readonly loss: number) {
    super(`The loss is ${loss}`);
  }
}
