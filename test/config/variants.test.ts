import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BitConfigData } from '../../lib/config/bit_config';
import { DEFAULT_MODEL } from '../../lib/config/defaults';
import { HEAD_SIZES, VARIANTS, variantFields } from '../../lib/config/variants';

describe('VARIANTS', () => {
  test.each(VARIANTS.map((variant) => [variant.name, variant] as const))(
    '%s is a config',
    (name, row) => {
      const config = new BitConfigData({
        ...variantFields(row),
        numLabels: HEAD_SIZES.imagenet21k,
      });
      const blocks = config.depths.reduce((sum, depth) => sum + depth, 0);
      expect(`R${3 * blocks + 2}x${row.width}`).toBe(name); // three convolutions a block, stem and head
      expect(config.hiddenSizes[3]).toBe(2048 * row.width);
      expect(config.numLabels).toBe(21843);
    },
  );

  test('R50x1 is what a config is without any field', () => {
    const [row] = VARIANTS;
    expect(new BitConfigData(row && variantFields(row)).toJSON()).toEqual(
      new BitConfigData().toJSON(),
    );
  });

  test("each has timm's repositories, pre-trained and fine-tuned", () => {
    for (const { name, hubIds } of VARIANTS) {
      const timm = `timm/resnetv2_${name.slice(1)}_bit.goog_in21k`;
      expect(hubIds).toEqual(expect.arrayContaining([timm, `${timm}_ft_in1k`]));
    }
  });

  test("Beyer's student and its teachers belong to their architectures", () => {
    const idsOf = (name: string) => VARIANTS.find((each) => each.name === name)?.hubIds;
    expect(idsOf('R50x1')).toContain('timm/resnetv2_50x1_bit.goog_distilled_in1k');
    const teacher = 'timm/resnetv2_152x2_bit.goog_teacher_in21k_ft_in1k';
    expect(idsOf('R152x2')).toEqual(expect.arrayContaining([teacher, `${teacher}_384`]));
  });

  test('no repository stands twice', () => {
    const ids = VARIANTS.flatMap(({ hubIds }) => hubIds);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('google/bit-50');
  });
});

test('the default model lies in the package', () => {
  expect(existsSync(join(__dirname, '../../models', DEFAULT_MODEL, 'config.json'))).toBe(true);
});
