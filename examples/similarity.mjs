// How alike pictures are, by the angle between their pooled features:
// node examples/similarity.mjs PICTURE PICTURE...
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pipeline } from '../dist/index.mjs';

const folder = fileURLToPath(new URL('./pictures/', import.meta.url));
const given = process.argv.slice(2);
const all = readdirSync(folder).filter((name) => /\.(png|jpe?g)$/.test(name));
const pictures = given.length > 0 ? given : all.map((name) => folder + name);

const embed = await pipeline('image-feature-extraction');
const { data, shape } = await embed(pictures, { pool: true });
await embed.dispose();

const features = pictures.map((_, i) => data.subarray(i * shape[1], (i + 1) * shape[1]));
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
for (const a of features) {
  console.log(
    features.map((b) => (dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))).toFixed(3)).join('  '),
  );
}
