// Labels that tables have as text: lists in them, and the numbers that cells of CSV mean.
import type { Label, LabelledPicture, LabelOptions } from './labelled';

/** What stands between labels of a list. */
const BETWEEN = '|';
const WHOLE = /^[+-]?\d+(\.0*)?$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Texts with `|` in them as lists, unless each picture is to have one label. Where one of a column is a list, all
 * texts are: of one.
 */
export function withLists(
  pictures: readonly LabelledPicture[],
  { problemType }: Pick<LabelOptions, 'problemType'>,
): LabelledPicture[] {
  const hasLists = pictures.some(
    ({ label }) => typeof label === 'string' && label.includes(BETWEEN),
  );
  if (!hasLists || problemType === 'single_label_classification') return [...pictures];
  return pictures.map((picture) =>
    typeof picture.label === 'string' ? { ...picture, label: partsOf(picture.label) } : picture,
  );
}

const partsOf = (text: string) =>
  text
    .split(BETWEEN)
    .map((part) => part.trim())
    .filter((part) => part !== '');

/**
 * What cells of CSV mean, which are all text: lists in JSON or with `|`, numbers for values of a regression, whole
 * numbers for classes unless they are names of known ones. 1.0 is whole too: columns with gaps are written so.
 */
export function meantByCells(
  pictures: readonly LabelledPicture[],
  options: LabelOptions,
): LabelledPicture[] {
  const asked = options.problemType === 'single_label_classification';
  const trimmed = pictures.map((picture) => ({ ...picture, label: trim(picture.label) }));
  const read = asked ? trimmed : trimmed.map((each) => ({ ...each, label: jsonList(each.label) }));
  const hasJson = read.some(({ label }) => Array.isArray(label));
  const split = hasJson
    ? read.map((each) => ({
        ...each,
        label: Array.isArray(each.label) ? each.label : partsOf(each.label as string),
      }))
    : withLists(read, options);
  return withNumbers(split, options);
}

const trim = (label: Label) => (typeof label === 'string' ? label.trim() : label);

/** A list of texts and numbers where it is one in JSON; else as it is. */
function jsonList(label: Label): Label {
  if (typeof label !== 'string' || !label.startsWith('[')) return label;
  try {
    const list = JSON.parse(label) as unknown[];
    const isFlat = list.every((item) => typeof item === 'string' || typeof item === 'number');
    return isFlat ? (list as Label) : label;
  } catch {
    return label;
  }
}

function withNumbers(
  pictures: readonly LabelledPicture[],
  { labels, problemType }: LabelOptions,
): LabelledPicture[] {
  const pattern = problemType === 'regression' ? NUMBER : WHOLE;
  const known = new Set(problemType === 'regression' ? [] : (labels ?? []));
  const isName = (item: string | number) => typeof item === 'number' || known.has(item);
  if (pictures.every(({ label }) => [label].flat().every(isName))) return [...pictures];
  const meant = (item: string | number) =>
    typeof item === 'string' && pattern.test(item) ? Number(item) : item;
  return pictures.map((picture) => {
    const { label } = picture;
    return { ...picture, label: typeof label === 'object' ? label.map(meant) : meant(label) };
  });
}
