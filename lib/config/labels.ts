// Labels of a classifier: how many, and their names both ways, filled in as transformers does.
import { BitError, invalid } from '../errors';

export interface LabelFields {
  numLabels: number;
  id2label: Record<number, string>;
  label2id: Record<string, number>;
}

/** transformers' count where a config tells nothing, and then writes nothing either. */
const DEFAULT_NUM_LABELS = 2;
const MAX_LABELS = 1_000_000;

function fail(message: string): never {
  throw new BitError('ERR_BIT_CONFIG', message);
}

/** LABEL_0, LABEL_1, … */
function defaultNames(count: number): Record<number, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [i, `LABEL_${i}`]));
}

function inverse(id2label: Record<number, string>): Record<string, number> {
  return Object.fromEntries(Object.entries(id2label).map(([id, label]) => [label, Number(id)]));
}

/**
 * Fills in what is missing: names from the count, the count from the names, each map from the other.
 * @throws BitError ERR_BIT_CONFIG when they disagree, or when an id is no whole number.
 */
export function fillLabels(init: Partial<{ [K in keyof LabelFields]: LabelFields[K] | null }>): LabelFields {
  const { numLabels, id2label, label2id } = init;
  if (numLabels !== null && numLabels !== undefined) checkCount(numLabels);
  const names = id2label ? checkNames(id2label) : label2id ? invert(label2id) : undefined;
  if (!names) {
    const made = defaultNames(numLabels ?? DEFAULT_NUM_LABELS);
    return { numLabels: Object.keys(made).length, id2label: made, label2id: inverse(made) };
  }
  const count = Object.keys(names).length;
  if (numLabels !== null && numLabels !== undefined && numLabels !== count) {
    fail(`Expected numLabels (num_labels in JSON) to be the ${count} of id2label but received ${numLabels}`);
  }
  return { numLabels: count, id2label: names, label2id: label2id ? { ...label2id } : inverse(names) };
}

function checkCount(count: unknown): void {
  if (Number.isSafeInteger(count) && (count as number) >= 0 && (count as number) <= MAX_LABELS) return;
  throw invalid('ERR_BIT_CONFIG', 'numLabels (num_labels in JSON)', `an integer from 0 to ${MAX_LABELS}`, count);
}

/** transformers asks for whole-numbered ids and nothing more: they may have gaps. */
function checkNames(id2label: unknown): Record<number, string> {
  const isMap = typeof id2label === 'object' && id2label !== null && !Array.isArray(id2label);
  const entries = isMap ? Object.entries(id2label) : [];
  const bad = entries.find(([id, label]) => !/^\d+$/.test(id) || typeof label !== 'string');
  if (isMap && !bad) return Object.fromEntries(entries) as Record<number, string>;
  const wrong = bad ? Object.fromEntries([bad]) : id2label;
  throw invalid('ERR_BIT_CONFIG', 'id2label', 'an object of names by whole number', wrong);
}

function invert(label2id: unknown): Record<number, string> {
  const isMap = typeof label2id === 'object' && label2id !== null && !Array.isArray(label2id);
  if (!isMap) throw invalid('ERR_BIT_CONFIG', 'label2id', 'an object of ids by label', label2id);
  return checkNames(Object.fromEntries(Object.entries(label2id).map(([label, id]) => [id, label])));
}

/** Whether these are the labels that transformers assumes and leaves out of files. */
export function areDefaultLabels({ numLabels, id2label }: LabelFields): boolean {
  const names = defaultNames(DEFAULT_NUM_LABELS);
  return numLabels === DEFAULT_NUM_LABELS && id2label[0] === names[0] && id2label[1] === names[1];
}
