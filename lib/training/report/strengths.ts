// How strongly the weights of a head are held to zero, and what that was chosen by.
import type { Chart, Page } from '../../report/page';
import type { Folds } from '../head/folds';
import type { HeadSettings } from '../head/prepare';
import type { HeadResult } from '../head/run';
import type { StrengthScore } from '../head/strengths';
import { digits, percent, whole } from './numbers';

type Chosen = Pick<HeadResult, 'strength' | 'strengths'>;

/** @param folds of what was learned from. */
export function strengthFacts(
  chosen: Chosen,
  { strength, crop, seed }: HeadSettings,
  folds: Pick<Folds, 'measured'>,
): Page['facts'] {
  const reason = strength === null ? reasonOf(chosen, folds) : 'as given';
  return [
    ['Strength', `${short(chosen.strength)}, ${reason}`],
    ['Recipe', `features of pictures of ${crop} × ${crop} pixels, seed ${seed}`],
  ];
}

function reasonOf({ strength, strengths }: Chosen, { measured }: Pick<Folds, 'measured'>): string {
  const best = strengths.find((each) => each.strength === strength);
  if (!best) return 'the default: there are too few examples to choose it by';
  const { loss, accuracy } = best;
  const right = accuracy === null ? '' : `, accuracy ${percent(accuracy)}`;
  const folds =
    measured.length === 1 ? 'one fold of many examples' : `${whole(measured.length)} folds`;
  return `which had the least loss in a cross-validation on ${folds}: loss ${digits(loss)}${right}`;
}

/** Loss and, of classes, accuracy of the strengths that were tried, the weakest first; none where none was. */
export function strengthCharts({ strength, strengths }: Chosen): Chart[] {
  const tried = [...strengths].sort((a, b) => a.strength - b.strength);
  const over = (title: string, unit: string, valueOf: (score: StrengthScore) => number | null) => {
    const values = tried.map(valueOf).map((value) => value && Number(value.toPrecision(5)));
    const ofChosen = values.map((value, i) => (tried[i]?.strength === strength ? value : null));
    return {
      title,
      type: 'line' as const,
      // They are as far from each other as their logarithms are.
      labels: tried.map((each) => short(each.strength)),
      series: [
        { name: 'chosen', values: ofChosen },
        { name: 'cross-validation', values },
      ],
      unit,
      labelUnit: 'strength',
    };
  };
  if (tried.length === 0) return [];
  const loss = over('Loss by strength', 'loss', (each) => each.loss);
  if (tried.every(({ accuracy }) => accuracy === null)) return [loss];
  return [loss, over('Accuracy by strength', 'share that is right', (each) => each.accuracy)];
}

/** Three digits, as many as the command line says. */
const short = (strength: number) => digits(Number(strength.toPrecision(3)));
