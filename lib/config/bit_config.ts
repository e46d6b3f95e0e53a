// BitConfig without its files: its fields checked together, copies of it, and its JSON.
import { BitError } from '../errors';
import { FIELDS, type BitConfigFields, type GivenFields } from './bit_config_fields';
import { isObject } from './checks';
import { fillFields, fromKeys, jsonObject, toKeys } from './fields';
import { areDefaultLabels, fillLabels } from './labels';
import { checkGroups } from './network_spec';
import { alignOutFeatures } from './out_features';

export const MODEL_TYPE = 'bit';

/** Properties of a config that are none of its fields: a copy of one has them too. */
interface DerivedProperties {
  stageNames: readonly string[];
}

/** Far beyond any network that can be trained; more would use up memory before a weight is read. */
const MAX_BLOCKS = 10_000;

/** Where a config came from is none of its values; transformers drops these too. */
const DROPPED = ['_commit_hash', '_name_or_path', 'name_or_path'];

/** The numbers and labels of a BiT model. */
export class BitConfigData implements BitConfigFields {
  readonly numChannels!: number;
  readonly embeddingSize!: number;
  readonly hiddenSizes!: number[];
  readonly depths!: number[];
  readonly layerType!: BitConfigFields['layerType'];
  readonly hiddenAct!: string;
  readonly globalPadding!: BitConfigFields['globalPadding'];
  readonly numGroups!: number;
  readonly dropPathRate!: number;
  readonly embeddingDynamicPadding!: boolean;
  readonly outputStride!: number;
  readonly widthFactor!: number;
  readonly outFeatures!: string[];
  readonly outIndices!: number[];
  readonly numLabels!: number;
  /** Names of the outputs by their place; default 'LABEL_0', 'LABEL_1', … */
  readonly id2label!: Record<number, string>;
  /** Places of the outputs by their name; follows from id2label. */
  readonly label2id!: Record<string, number>;
  readonly problemType!: BitConfigFields['problemType'];
  readonly outputHiddenStates!: boolean;
  /** 'stem' and one name for each stage. */
  readonly stageNames: readonly string[];
  /** JSON keys that are none of ours; they are written back. */
  #extra: Record<string, unknown> = {};

  /**
   * @param init fields; or another config, a copy of its properties or its structured clone.
   * @throws BitError ERR_BIT_CONFIG naming the field that is wrong.
   */
  constructor(init: Partial<BitConfigFields> & Partial<DerivedProperties> = {}) {
    const given = fillFields<GivenFields>(FIELDS, normalised(init));
    if (isObject(init) && #extra in init) this.#extra = structuredClone(init.#extra);
    this.stageNames = ['stem', ...given.depths.map((_, i) => `stage${i + 1}`)];
    const outputs = alignOutFeatures(given.outFeatures, given.outIndices, this.stageNames);
    Object.assign(this, given, outputs, fillLabels(given));
    checkTogether(this);
  }

  /**
   * Reads transformers' config.json, old spellings included; unknown keys are kept.
   * @throws BitError ERR_BIT_CONFIG naming the key that is wrong.
   */
  static fromJSON<C extends BitConfigData>(
    this: new (init?: Partial<BitConfigFields>) => C,
    json: object,
  ): C {
    const { fields, unknown } = fromKeys<GivenFields>(FIELDS, modernised(json));
    const config = new this(fields as Partial<BitConfigFields>);
    for (const key of DROPPED) delete unknown[key];
    (config as BitConfigData).#extra = structuredClone(unknown);
    return config;
  }

  /** transformers' config.json: snake_case keys, sorted. */
  toJSON(): Record<string, unknown> {
    const json = toKeys<GivenFields>(FIELDS, this as BitConfigFields, this.#extra);
    delete json['num_labels']; // transformers counts id2label instead
    if (areDefaultLabels(this)) {
      delete json['id2label'];
      delete json['label2id'];
    }
    if (this.problemType === null) delete json['problem_type'];
    if (!this.outputHiddenStates) delete json['output_hidden_states'];
    const more = { ...json, model_type: MODEL_TYPE, stage_names: [...this.stageNames] };
    return Object.fromEntries(Object.entries(more).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /**
   * A copy with some fields changed; keys of other things in `changes` are left alone. Another
   * number of labels without names gets LABEL_0, LABEL_1, …
   * @throws BitError ERR_BIT_CONFIG naming the field that is wrong.
   */
  with(changes: Partial<BitConfigFields>): this {
    const own = Object.entries(changes).filter(
      ([name, value]) => Object.hasOwn(FIELDS, name) && value !== undefined,
    );
    if (own.length === 0) return this;
    const wanted = Object.fromEntries(own) as Partial<BitConfigFields>;
    const kept: Partial<GivenFields> = Object.fromEntries(
      Object.keys(FIELDS).map((name) => [name, this[name as keyof BitConfigFields]]),
    );
    // What follows from a changed field must not hold on to the old one.
    if ('id2label' in wanted || 'label2id' in wanted)
      kept.numLabels = kept.id2label = kept.label2id = null;
    if ('outFeatures' in wanted || 'outIndices' in wanted || 'depths' in wanted) {
      kept.outFeatures = kept.outIndices = null;
    }
    const constructor = this.constructor as new (init: Partial<GivenFields>) => this;
    const config = new constructor({ ...kept, ...wanted });
    (config as BitConfigData).#extra = structuredClone(this.#extra);
    return config;
  }
}

/** Without what follows from other fields; transformers takes the padding in any case. */
function normalised(
  init: Partial<BitConfigFields> & Partial<DerivedProperties>,
): Partial<GivenFields> {
  if (!isObject(init)) return init;
  const fields: typeof init = { ...init };
  delete fields.stageNames;
  const padding: unknown = fields.globalPadding;
  if (typeof padding !== 'string') return fields;
  return { ...fields, globalPadding: padding.toUpperCase() as GivenFields['globalPadding'] };
}

/** Old spellings: torch_dtype is now dtype; null stood for a default. */
function modernised(json: object): Record<string, unknown> {
  const { torch_dtype: oldDtype, ...rest } = jsonObject(json);
  const dtype = rest['dtype'] ?? oldDtype;
  if (dtype !== undefined) rest['dtype'] = dtype;
  if (rest['output_hidden_states'] === null) delete rest['output_hidden_states'];
  return rest;
}

function checkTogether(config: BitConfigFields): void {
  // More sizes than stages occur: the backbones of hybrid transformers leave the last stage out.
  if (config.hiddenSizes.length < config.depths.length) {
    throw new BitError(
      'ERR_BIT_CONFIG',
      'Expected as many hiddenSizes (hidden_sizes in JSON) as depths, or more, but received ' +
        `${config.hiddenSizes.length} and ${config.depths.length}`,
    );
  }
  const blocks = config.depths.reduce((total, depth) => total + depth, 0);
  if (blocks > MAX_BLOCKS) {
    throw new BitError(
      'ERR_BIT_CONFIG',
      `Expected at most ${MAX_BLOCKS} blocks in all for depths but received ${blocks}`,
    );
  }
  if (config.problemType === 'single_label_classification' && config.numLabels === 1) {
    throw new BitError(
      'ERR_BIT_CONFIG',
      "Expected at least 2 labels for problemType 'single_label_classification' but received 1: use " +
        "numLabels 2, or problemType 'regression'",
    );
  }
  checkGroups(config);
}
