// The models behind the service: one for labels and one for embeddings, from the same files.
import { pipeline } from 'bigtransfer';

export class Engine {
  #settings;
  #classify;
  #embed;

  constructor(settings) {
    this.#settings = settings;
  }

  /** @throws BitError as pipeline() does. */
  async load() {
    const { model, device, dtype, maxBatch, maxDelayMs, maxQueue } = this.#settings;
    // Calls of all clients that are in flight together are gathered into batches, and refused where too many wait.
    const options = { device, dtype, batching: { maxBatch, maxDelayMs, maxQueue } };
    [this.#classify, this.#embed] = await Promise.all([
      pipeline('image-classification', model, options),
      pipeline('image-feature-extraction', model, options),
    ]);
  }

  get isLoaded() {
    return this.#embed !== undefined;
  }

  /** Loaded models with the names under which diagnostics channels know them. */
  get models() {
    if (!this.isLoaded) return [];
    return [this.#classify.model, this.#embed.model].map((model) => [
      model.constructor.name,
      model,
    ]);
  }

  /** `[{ label, score }]`, best first, for each of the files' bytes. */
  async classify(bytes, { topK, signal }) {
    const answers = await this.#classify(oneOrMore(bytes), { topK, signal });
    return bytes.length === 1 ? [answers] : answers;
  }

  /** The pooled features of each of the files' bytes, as plain numbers. */
  async embed(bytes, { signal }) {
    const { data, shape } = await this.#embed(oneOrMore(bytes), { pool: true, signal });
    const [count, width] = shape;
    return Array.from({ length: count }, (_, row) =>
      Array.from(data.subarray(row * width, (row + 1) * width)),
    );
  }

  async dispose() {
    await Promise.all([this.#classify?.dispose(), this.#embed?.dispose()]);
  }
}

/** Errors about a picture say its place in a list, if there is one. */
const oneOrMore = (bytes) => (bytes.length === 1 ? bytes[0] : bytes);
