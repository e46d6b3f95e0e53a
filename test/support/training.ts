// A tiny model and pictures of a few classes, for tests of training.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BitImageProcessor } from '../../lib';
import { REFERENCE } from './reference';

/** Pixels of each side that the tiny model is given. */
export const SIDE = 24;

/** A model of three labels, with seven thousand parameters. */
export async function tinyModel(folder: string): Promise<string> {
  const model = join(folder, 'tiny');
  mkdirSync(model, { recursive: true });
  for (const name of ['config.json', 'model.safetensors'])
    cpSync(join(REFERENCE, 'training', 'preactivation', name), join(model, name));
  const size = { height: SIDE, width: SIDE };
  await new BitImageProcessor({
    size,
    cropSize: size,
    imageMean: 0.5,
    imageStd: 0.5,
  }).savePretrained(model);
  return model;
}

/** Stripes that are wider from class to class, and of another colour; a folder for each class. */
export function stripes(folder: string, counts: Readonly<Record<string, number>>): string {
  const data = join(folder, 'stripes');
  Object.entries(counts).forEach(([label, count], number) => {
    mkdirSync(join(data, label), { recursive: true });
    for (let i = 0; i < count; i++)
      writeFileSync(join(data, label, `${String(i).padStart(3, '0')}.ppm`), picture(number, i));
  });
  return data;
}

function picture(number: number, i: number): Buffer {
  const side = 30;
  const pixels = Buffer.alloc(3 * side * side);
  const width = 2 + 3 * number;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const isLight = Math.floor((x + i) / width) % 2 === 0;
      const shade = isLight ? 200 - 5 * (i % 7) : 80 + 7 * (i % 5);
      for (let c = 0; c < 3; c++) pixels[3 * (y * side + x) + c] = shade - (c === number ? 0 : 60);
    }
  return Buffer.concat([Buffer.from(`P6 ${side} ${side} 255\n`), pixels]);
}
