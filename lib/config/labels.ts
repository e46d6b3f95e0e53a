// Labels of a classifier: how many, and their names both ways, filled in as transformers does.
import { invalid } from '../errors';
import { isObject } from './checks';

export interface LabelFields {
  numLabels: number;
  id2label: Record<number, string>;
  label2id: Record<string, number>;
}

/** transformers' count where a config tells nothing, and then writes nothing either. */
const DEFAULT_NUM_LABELS = 2;
/** Far beyond any head (ImageNet-21k's has 21,843); each name is made and kept. */
const MAX_LABELS = 1_000_000;
/** Types of labels in JSON, beside null. */
const PLAIN = ['string', 'number', 'boolean'];
/** Of so many digits, all of which a number of JavaScript holds exactly. */
const WHOLE_NUMBER = /^-?\d{1,15}$/;

/** LABEL_0, LABEL_1, … */
function defaultNames(count: number): Record<number, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [i, `LABEL_${i}`]));
}

function inverse(id2label: Record<number, string>): Record<string, number> {
  return Object.fromEntries(Object.entries(id2label).map(([id, label]) => [label, Number(id)]));
}

/**
 * Fills in what is missing: names from the count, the count from the names, each map from the other.
 * A count that disagrees with the names holds, and they are stale: LABEL_0, LABEL_1, … take their
 * place, as in transformers.
 * @throws BitError ERR_BIT_CONFIG when an id is no whole number.
 */
export function fillLabels(
  init: Partial<{ [K in keyof LabelFields]: LabelFields[K] | null }>,
): LabelFields {
  const { numLabels, id2label, label2id } = init;
  if (numLabels !== null && numLabels !== undefined) checkCount(numLabels);
  const given = id2label ? checkNames(id2label) : undefined;
  const ids = label2id ? checkIds(label2id, given !== undefined) : undefined;
  const names = given ?? (ids && invert(ids));
  const count = names && Object.keys(names).length;
  if (!names || (numLabels ?? count) !== count) {
    const made = defaultNames(numLabels ?? DEFAULT_NUM_LABELS);
    return { numLabels: Object.keys(made).length, id2label: made, label2id: inverse(made) };
  }
  return { numLabels: count as number, id2label: names, label2id: ids ?? inverse(names) };
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

/**
 * transformers asks for whole-numbered ids and nothing more: they may have gaps, and labels may be
 * any values. Ours are text: numbers, booleans and null as JSON writes them.
 */
function checkNames(id2label: unknown): Record<number, string> {
  const entries = isObject(id2label) ? Object.entries(id2label) : [];
  const bad = entries.find(
    ([id, label]) => !WHOLE_NUMBER.test(id) || !(label === null || PLAIN.includes(typeof label)),
  );
  if (isObject(id2label) && !bad)
    return Object.fromEntries(entries.map(([id, label]) => [Number(id), String(label)]));
  const wrong = bad ? Object.fromEntries([bad]) : id2label;
  throw invalid('ERR_BIT_CONFIG', 'id2label', 'an object of names by whole number', wrong);
}

/**
 * Ids that a file writes as text count as numbers. Where there are names, ids that are none are of no
 * consequence, and undefined is returned for all of them: they follow from the names.
 */
function checkIds(label2id: unknown, hasNames: boolean): Record<string, number> | undefined {
  const entries = isObject(label2id) ? Object.entries(label2id) : [];
  const bad = entries.find(
    ([, id]) => !['number', 'string'].includes(typeof id) || !WHOLE_NUMBER.test(String(id)),
  );
  if (isObject(label2id) && !bad)
    return Object.fromEntries(entries.map(([label, id]) => [label, Number(id)]));
  if (isObject(label2id) && hasNames) return undefined;
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
