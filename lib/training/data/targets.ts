// Labels as they were found → what a network is to say: which kind of labels they are, the classes, the targets.
import { describe } from '../../describe';
import { classesOf, numberName, type Classes } from './classes';
import type { Dataset, Example } from './dataset';
import {
  unusable,
  type Found,
  type Label,
  type LabelledPicture,
  type LabelOptions,
} from './labelled';

/**
 * Targets of all pictures. One name or number each: single_label_classification; lists of them:
 * multi_label_classification; a regression is one where that is asked for.
 * @param source what the data set is called in problems.
 * @throws BitError ERR_BIT_CONFIG naming where a label is that fits neither the others nor what is known.
 */
export function datasetOf(
  { pictures, problems, classes: named }: Found,
  { labels, problemType }: LabelOptions,
  source: string,
): Dataset {
  const known = labels ?? named;
  if (problemType === 'regression')
    return { problemType, ...regression(pictures, known), problems };
  const asked = problemType === 'multi_label_classification' ? pictures.map(listed) : pictures;
  expectOneKind(asked);
  const list = asked.find(({ label }) => Array.isArray(label));
  if (list && problemType === 'single_label_classification') {
    const has = `${list.where} has ${describe(list.label)}`;
    throw unusable(`Expected one label for each picture (${problemType}), but ${has}`);
  }
  const classes = classesOf(asked, known, source);
  const isOfSeveral = list !== undefined || problemType === 'multi_label_classification';
  return {
    problemType: isOfSeveral ? 'multi_label_classification' : 'single_label_classification',
    labels: classes.labels,
    examples: asked.map((picture) => (isOfSeveral ? several : single)(picture, classes)),
    problems: [...problems, ...classes.problems],
  };
}

const listed = (picture: LabelledPicture) => ({ ...picture, label: [picture.label].flat() });

function single({ path, image, label }: LabelledPicture, { numberOf }: Classes): Example {
  return { path, image, target: numberOf(label as string | number) };
}

/** 1 for each label that a picture has, 0 for the others. */
function several({ path, image, label, where }: LabelledPicture, classes: Classes): Example {
  const target = Array<number>(classes.labels.length).fill(0);
  for (const item of [label].flat()) {
    const at = classes.numberOf(item);
    // In a row of zeros and ones, which is no list of what applies, some come twice.
    if (target[at] === 1) {
      const expected = 'Expected a list of the labels that apply, each once';
      throw unusable(`${expected}, but ${where} has ${describe(label)}`);
    }
    target[at] = 1;
  }
  return { path, image, target };
}

/** As many values of each picture as have names, or as the first one has. */
function regression(
  pictures: readonly LabelledPicture[],
  known: readonly string[] | null,
): Pick<Dataset, 'labels' | 'examples'> {
  const width = known?.length ?? Math.max([pictures[0]?.label ?? []].flat().length, 1);
  const examples = pictures.map(({ path, image, label, where }) => {
    const target = [label].flat();
    const expected = width === 1 ? 'one number' : `${width} numbers`;
    if (target.length !== width || !target.every(isFloat))
      throw unusable(`Expected ${expected} for a regression, but ${where} has ${describe(label)}`);
    return { path, image, target };
  });
  return {
    labels: [...(known ?? Array.from({ length: width }, (_, at) => numberName(at)))],
    examples,
  };
}

/** Whether float32 holds it. */
const isFloat = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(Math.fround(value));

/** @throws BitError ERR_BIT_CONFIG naming the first label that is of another kind than those before it. */
function expectOneKind(pictures: readonly LabelledPicture[]): void {
  expectSame(pictures, (label) => [Array.isArray(label) ? 'list' : 'one']);
  expectSame(pictures, (label) => [label].flat().map((item) => typeof item));
}

function expectSame(
  pictures: readonly LabelledPicture[],
  kindsOf: (label: Label) => string[],
): void {
  let first: { picture: LabelledPicture; kind: string } | null = null;
  for (const picture of pictures)
    for (const kind of kindsOf(picture.label)) {
      first ??= { picture, kind };
      if (kind === first.kind) continue;
      const [before, here] = [first.picture, picture].map(
        ({ where, label }) => `${where} has ${describe(label)}`,
      );
      const words = first.picture === picture ? here : `${before} and ${here}`;
      throw unusable(`Expected labels of one kind, but ${words}`);
    }
}
