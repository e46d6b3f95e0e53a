// A call's images as the addon takes them.
import { unshared } from '../binding/unshared';
import type { ForwardRequest, NativeTensor } from '../binding/types';
import { anything } from '../config/checks';
import { refuseUnknown } from '../errors';
import { StagedImages } from '../image/staged';
import { toTensor, type Tensor } from '../tensor';
import type { Inputs } from './inputs';

/** What users give, and what pipelines give to models on GPUs. */
export type ModelInputs = Inputs | StagedImages;

/** The images of a request, and their shape, [N, C, H, W]. */
interface NativeInput extends Pick<ForwardRequest, 'pixelValues' | 'pictures'> {
  shape: readonly number[];
}

/** Of forward({ pixelValues, … }). */
const INPUTS = { pixelValues: anything, labels: anything };

/** @throws BitError ERR_BIT_SHAPE when they are no images, ERR_BIT_CONFIG for an unknown field. */
export function nativeInput(inputs: ModelInputs): NativeInput {
  if (inputs instanceof StagedImages) {
    const { pictures } = inputs;
    const shape = [pictures.length, ...(pictures[0]?.shape.slice(1) ?? [])];
    return { pixelValues: null, pictures, shape };
  }
  const pixelValues = toNative(pixelValuesOf(inputs));
  return { pixelValues, pictures: [], shape: pixelValues.shape };
}

/** The tensor of `forward(tensor)` or `forward({ pixelValues })`. */
function pixelValuesOf(inputs: Inputs): Tensor {
  const value = inputs as { pixelValues?: unknown } | null;
  if (typeof value === 'object' && value !== null && 'pixelValues' in value) {
    refuseUnknown('field', value, INPUTS);
    return toTensor(value.pixelValues, 'pixelValues');
  }
  return toTensor(inputs, 'pixelValues');
}

export function toNative({ dtype, shape, data }: Tensor): NativeTensor {
  return { dtype, shape: [...shape], data: unshared(data) };
}
