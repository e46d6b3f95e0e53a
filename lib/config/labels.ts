// Labels of a classifier: how many, and their names both ways, filled in as transformers does.
import { BitError, invalid } from '../errors';
import { isObject } from './checks';

export interface LabelFields {
  numLabels: number;
  id2label: Record<number, string>;
  label2id: Record<string, number>;
}

/** transformers' count where a config tells nothing, and then writes nothing either. */
const DEFAULT_NUM_LABELS = 2;
const MAX_LABELS = 1_000_000;
const WHOLE_NUMBER = /^\d{1,15}$/;

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
export function fillLabels(
  init: Partial<{ [K in keyof LabelFields]: LabelFields[K] | null }>,
): LabelFields {
  const { numLabels, id2label, label2id } = init;
  if (numLabels !== null && numLabels !== undefined) checkCount(numLabels);
  const ids = label2id ? checkIds(label2id) : undefined;
  const names = id2label ? checkNames(id2label) : ids && invert(ids);
  if (!names) {
    const made = defaultNames(numLabels ?? DEFAULT_NUM_LABELS);
    return { numLabels: Object.keys(made).length, id2label: made, label2id: inverse(made) };
  }
  const count = Object.keys(names).length;
  if (numLabels !== null && numLabels !== undefined && numLabels !== count) {
    fail(
      `Expected numLabels (num_labels in JSON) to be the ${count} of id2label but received ${numLabels}`,
    );
  }
  return { numLabels: count, id2label: names, label2id: ids ?? inverse(names) };
}

function checkCount(count: unknown): void {
  if (Number.isSafeInteger(count) && (count as number) >= 0 && (count as number) <= MAX_LABELS)
    return;
  throw invalid(
    'ERR_BIT_CONFIG',
    'numLabels (num_labels in JSON)',
    `an integer from 0 to ${MAX_LABELS}`,
    count,
  );
}

/** transformers asks for whole-numbered ids and nothing more: they may have gaps. */
function checkNames(id2label: unknown): Record<number, string> {
  const entries = isObject(id2label) ? Object.entries(id2label) : [];
  const bad = entries.find(([id, label]) => !WHOLE_NUMBER.test(id) || typeof label !== 'string');
  if (isObject(id2label) && !bad) {
    return Object.fromEntries(entries.map(([id, label]) => [Number(id), label as string]));
  }
  const wrong = bad ? Object.fromEntries([bad]) : id2label;
  throw invalid('ERR_BIT_CONFIG', 'id2label', 'an object of names by whole number', wrong);
}

/** Ids that a file writes as text count as numbers. */
function checkIds(label2id: unknown): Record<string, number> {
  const entries = isObject(label2id) ? Object.entries(label2id) : [];
  const bad = entries.find(
    ([, id]) => !['number', 'string'].includes(typeof id) || !WHOLE_NUMBER.test(String(id)),
  );
  if (isObject(label2id) && !bad) {
    return Object.fromEntries(entries.map(([label, id]) => [label, Number(id)]));
  }
  const wrong = bad ? Object.fromEntries([bad]) : label2id;
  throw invalid('ERR_BIT_CONFIG', 'label2id', 'an object of whole numbers by label', wrong);
}

function invert(label2id: Record<string, number>): Record<number, string> {
  const names = Object.fromEntries(Object.entries(label2id).map(([label, id]) => [id, label]));
  const counts = [names, label2id].map((map) => Object.keys(map).length);
  if (counts[0] === counts[1]) return names;
  throw invalid('ERR_BIT_CONFIG', 'label2id', 'an id of its own for each label', label2id);
}

/** Whether these are the labels that transformers assumes and leaves out of files. */
export function areDefaultLabels({ numLabels, id2label }: LabelFields): boolean {
  const names = defaultNames(DEFAULT_NUM_LABELS);
  return numLabels === DEFAULT_NUM_LABELS && id2label[0] === names[0] && id2label[1] === names[1];
}
