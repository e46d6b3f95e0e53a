// What a run writes of itself: a file of rows for programs, and TensorBoard's for people.
import { join } from 'node:path';
import type { EvaluationResult } from '../evaluation/evaluation';
import type { StrengthScore } from '../head/strengths';
import { MetricsFile, readMetrics, type MetricsRow } from './metrics_file';
import { TensorBoardFile } from './tensorboard';

const METRICS = 'metrics.jsonl';

export class RunLog {
  private constructor(
    private readonly folder: string,
    private readonly metrics: MetricsFile,
    private readonly board: TensorBoardFile,
  ) {}

  /**
   * @param folder which is there.
   * @param after the step that the run goes on from; what is written of later ones is taken back.
   * @throws BitError ERR_BIT_OUTPUT.
   */
  static async open(folder: string, after: number): Promise<RunLog> {
    const metrics = await MetricsFile.open(join(folder, METRICS), { after });
    try {
      return new RunLog(folder, metrics, await TensorBoardFile.begin(folder, { after }));
    } catch (error) {
      await metrics.close();
      throw error;
    }
  }

  async step(row: { step: number; loss: number; learningRate: number; imagesPerSecond: number }) {
    const { step, loss, learningRate, imagesPerSecond } = row;
    await this.metrics.append({ ...row });
    await this.board.append(step, {
      'train/loss': loss,
      'train/learning_rate': learningRate,
      'train/images_per_second': imagesPerSecond,
    });
  }

  /** Of the fit of a head: what a strength came to on examples that were left out. */
  async strength(step: number, score: StrengthScore): Promise<void> {
    await this.metrics.append({ step, crossValidation: score });
    await this.board.append(step, {
      'head/strength': score.strength,
      'head/loss': score.loss,
      ...(score.accuracy !== null && { 'head/accuracy': score.accuracy }),
    });
  }

  async evaluation(step: number, result: EvaluationResult): Promise<void> {
    const measures = numbersOf(result);
    await this.metrics.append({ step, evaluation: measures });
    const tagged = Object.entries(measures).map(([name, value]) => [`eval/${name}`, value]);
    await this.board.append(step, Object.fromEntries(tagged) as Record<string, number>);
  }

  /** Whether a step's was written. */
  async hasEvaluation(step: number): Promise<boolean> {
    for await (const row of readRunLog(this.folder))
      if (row.step === step && row['evaluation'] !== undefined) return true;
    return false;
  }

  async close(): Promise<void> {
    try {
      await this.metrics.close();
    } finally {
      await this.board.close();
    }
  }
}

/** Of a run's folder, as far as they are written. */
export function readRunLog(folder: string): AsyncGenerator<MetricsRow, void, undefined> {
  return readMetrics(join(folder, METRICS));
}

/** Those of its measures that are one number. */
function numbersOf(result: EvaluationResult): Record<string, number> {
  const numbers = Object.entries(result).filter(([, value]) => typeof value === 'number');
  return Object.fromEntries(numbers) as Record<string, number>;
}
