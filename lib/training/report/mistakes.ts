// The worst mistakes, each as a picture and with what in it spoke for what was said.
import { classActivationMap } from '../../explain/class_activation_map';
import { HeldImage, messageOf, type ImageInput } from '../../image/input';
import { jpegUrl, thumbnailUrl } from '../../image/thumbnail';
import { Html, markup } from '../../report/markup';
import type { Example } from '../data/dataset';
import type { EvaluationResult } from '../evaluation/evaluation';
import type { MultiLabelMistake } from '../evaluation/multi_label';
import type { RegressionMistake } from '../evaluation/regression';
import type { Evaluated } from '../evaluation/run';
import type { SingleLabelMistake } from '../evaluation/single_label';
import { counted, digits, percent } from './numbers';

/** Pictures of a page: with their maps some 20 kB each. */
const MOST_PICTURES = 24;
/** Pixels of the longer side. */
const SIDE = 224;
/** A picture that takes longer is left out. */
const PATIENCE_MS = 20_000;

export const MISTAKES_STYLE = `
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr)); gap: 1.5rem 1rem }
.mistakes figure > span { display: grid; grid-template-columns: 1fr 1fr; gap: .25rem }
.mistakes img { width: 100%; height: 9rem; object-fit: contain; background: var(--line) }
.mistakes figcaption { font-weight: 400; overflow-wrap: anywhere }
.mistakes small { display: block; opacity: .7 }
`;

type Mistake = SingleLabelMistake | MultiLabelMistake | RegressionMistake;

/** What a page shows of a mistake. */
interface Shown {
  /** What is explained: a class by its name, a value by its number. Left out, it is the best class, called so. */
  target?: string | number;
  best?: string;
  words: Html;
}

export interface MistakeOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * The first of a result's mistakes as pictures; those that cannot be read or explained any more are told with their
 * reason. Null where there is no mistake.
 * @param examples those that were measured.
 * @throws the signal's reason.
 */
export async function mistakesOf(
  result: EvaluationResult,
  examples: readonly Example[],
  model: Evaluated,
  options: MistakeOptions,
): Promise<Html | null> {
  const mistakes = result.mistakes.slice(0, MOST_PICTURES);
  if (mistakes.length === 0) return null;
  const images = imagesOf(mistakes, examples);
  const figures: Html[] = [];
  const left: Html[] = [];
  for (const mistake of mistakes) {
    const { path } = mistake;
    const shown = shownOf(mistake, result);
    const outcome = await explained(images.get(path), shown, model, options);
    if ('problem' in outcome)
      left.push(
        markup`<tr><td>${path}</td><td>${shown.words}</td><td>${outcome.problem}</td></tr>\n`,
      );
    else figures.push(figure(outcome.pictures, shown.words, path));
  }
  const grid = figures.length > 0 ? markup`<div class="mistakes">${figures}</div>` : '';
  return markup`<p>${aboutMistakes(result, mistakes.length)}</p>${grid}${leftOut(left)}`;
}

/** The last of those of one path is taken, which is the same picture. */
function imagesOf(mistakes: readonly Mistake[], examples: readonly Example[]) {
  const wanted = new Set(mistakes.map(({ path }) => path));
  const some = examples.filter(({ path }) => wanted.has(path));
  return new Map(some.map(({ path, image }) => [path, image]));
}

function shownOf(mistake: Mistake, result: EvaluationResult): Shown {
  if (result.problemType === 'regression')
    return shownValues(
      mistake as RegressionMistake,
      result.perValue.map(({ label }) => label),
    );
  const { target, predicted, score } = mistake as SingleLabelMistake | MultiLabelMistake;
  const said = markup`<b>${predicted}</b> ${percent(score)}`;
  if (typeof target === 'string')
    return { best: predicted, words: markup`${said}, but is <b>${target}</b>` };
  const is = target.length > 0 ? target.join(', ') : 'none of the labels';
  return { target: predicted, words: markup`${said}, but is <b>${is}</b>` };
}

/** All values, with the map of the one that is farthest off. */
function shownValues(
  { target, predicted, error }: RegressionMistake,
  labels: readonly string[],
): Shown {
  const apart = target.map((value, i) => Math.abs(value - (predicted[i] as number)));
  const farthest = apart.indexOf(Math.max(...apart));
  const label = labels[farthest] as string;
  const words = markup`<b>${label}: ${digits(predicted[farthest] as number)}</b>, but is
<b>${digits(target[farthest] as number)}</b>`;
  const mean = labels.length > 1 ? markup`; all values are off by ${digits(error)} on average` : '';
  return { target: farthest, words: markup`${words}${mean}` };
}

type Outcome = { pictures: [whole: string, map: string] } | { problem: string };

async function explained(
  image: Example['image'] | undefined,
  { target, best }: Shown,
  { model, processor }: Evaluated,
  { timeoutMs, signal }: MistakeOptions,
): Promise<Outcome> {
  if (image === undefined) return { problem: 'it is not in the data' };
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const bounds = { timeoutMs, signal: signal ? AbortSignal.any([signal, patience]) : patience };
  try {
    const held = HeldImage.of(image);
    const whole = await thumbnailUrl(held, SIDE, bounds);
    const maps = await classActivationMap(model, held as unknown as ImageInput, {
      ...bounds,
      processor,
      target,
    });
    const now = maps.targets[0]?.[0]?.label;
    if (best !== undefined && now !== best) return { problem: `it is taken for ${now} by now` };
    const map = await maps.overlayPixels(0, { ...bounds, maxSide: SIDE });
    return { pictures: [whole, await jpegUrl(map)] };
  } catch (error) {
    signal?.throwIfAborted();
    return { problem: messageOf(error) };
  }
}

function figure([whole, map]: [string, string], words: Html, path: string): Html {
  return markup`<figure><span><img src="${whole}" alt="The picture"><img src="${map}" alt="What in it spoke for that"></span>
<figcaption>${words}<small>${path}</small></figcaption></figure>\n`;
}

function aboutMistakes({ problemType, mistakes }: EvaluationResult, shown: number): string {
  const [first, what] =
    problemType === 'regression'
      ? ['Those that are farthest off', 'made the value larger, and blue what made it smaller']
      : [
          'Those that were said with the highest scores',
          'spoke for what was said, and blue what spoke against it',
        ];
  const of =
    mistakes.length > shown ? ` Of ${mistakes.length} that are known, ${shown} are shown.` : '';
  return `${first}, with what was said first. Pictures are as the network is given them: what is transparent shows the colour below. Beside each the same in grey: red is what ${what}.${of}`;
}

function leftOut(rows: readonly Html[]): Html {
  if (rows.length === 0) return new Html('');
  return markup`<p>${counted(rows.length, 'mistake')} cannot be shown any more:</p>
<table><tr><th>Example</th><th>What was said</th><th>Why</th></tr>\n${rows}</table>`;
}
