// Which feature maps a backbone returns: names and indices that must agree, as in transformers.
import { BitError } from '../errors';

export interface OutFeatures {
  outFeatures: string[];
  outIndices: number[];
}

function fail(message: string): never {
  throw new BitError('ERR_BIT_CONFIG', message);
}

/**
 * Fills in whichever of the two is missing; the last stage when both are. Negative indices count
 * from the end and are kept as they are.
 * @throws BitError ERR_BIT_CONFIG for unknown, repeated, unordered or disagreeing ones.
 */
export function alignOutFeatures(
  names: string[] | null,
  indices: number[] | null,
  stageNames: readonly string[],
): OutFeatures {
  const last = stageNames.length - 1;
  const place = (index: number) => (index < 0 ? index + stageNames.length : index);
  if (names) checkNames(names, stageNames);
  if (indices) checkPlaces(indices, indices.map(place), stageNames);
  const outIndices = indices ?? names?.map((name) => stageNames.indexOf(name)) ?? [last];
  const outFeatures = names ?? outIndices.map((index) => stageNames[place(index)] as string);
  const agree =
    outFeatures.length === outIndices.length &&
    outFeatures.every((name, i) => name === stageNames[place(outIndices[i] as number)]);
  if (!agree) {
    fail(
      'Expected outFeatures (out_features in JSON) and outIndices (out_indices) to mean the same ' +
        `stages but received [${outFeatures}] and [${outIndices}]`,
    );
  }
  return { outFeatures, outIndices };
}

function checkNames(names: string[], stageNames: readonly string[]): void {
  const field = 'outFeatures (out_features in JSON)';
  const strange = names.find((name) => !stageNames.includes(name));
  if (strange !== undefined) {
    fail(`Expected names out of ${stageNames.join(', ')} for ${field} but received '${strange}'`);
  }
  checkOrder(
    names.map((name) => stageNames.indexOf(name)),
    names,
    field,
  );
}

function checkPlaces(indices: number[], places: number[], stageNames: readonly string[]): void {
  const field = 'outIndices (out_indices in JSON)';
  if (
    places.some((index) => !Number.isSafeInteger(index) || index < 0 || index >= stageNames.length)
  ) {
    const range = `integers from ${-stageNames.length} to ${stageNames.length - 1}`;
    fail(`Expected ${range} for ${field} but received [${indices}]`);
  }
  checkOrder(places, indices, field);
}

function checkOrder(places: number[], given: readonly unknown[], field: string): void {
  const rising = places.every((place, i) => i === 0 || place > (places[i - 1] as number));
  if (!rising) fail(`Expected each stage once and in order for ${field} but received [${given}]`);
}
