// The manual as a site: it is made without a warning, its links lead somewhere, and it asks for nothing from elsewhere.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { ROOT, runProgram } from '../support/child';
import { temporaryFolder } from '../support/temporary';

const site = join(temporaryFolder(), 'site');
const pages = () =>
  readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
const read = (page: string) => readFileSync(join(site, page), 'utf8');

/** Values of an attribute, as they are meant. */
function valuesOf(html: string, pattern: RegExp): string[] {
  return [...html.matchAll(pattern)].map(([, value = '']) => value.replaceAll('&amp;', '&'));
}

const isElsewhere = (link: string) => /^(https?:|mailto:|data:)/.test(link);

beforeAll(async () => {
  const typedoc = join(ROOT, 'node_modules', 'typedoc', 'bin', 'typedoc');
  const options = join(ROOT, 'docs', 'typedoc.json');
  // Rejects for any warning: of links, and of what is public and not documented.
  await runProgram(process.execPath, [typedoc, '--options', options, '--out', site], {
    timeout: 250_000,
  }).catch(({ stdout, stderr }: { stdout: string; stderr: string }) => {
    throw new Error(`typedoc fails:\n${stdout}${stderr}`);
  });
}, 300_000);

test('all guides are listed, in an order and a category', () => {
  const { projectDocuments } = JSON.parse(
    readFileSync(join(ROOT, 'docs', 'typedoc.json'), 'utf8'),
  ) as { projectDocuments: string[] };
  const guides = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  expect([...projectDocuments].sort()).toEqual(guides.sort());
  for (const guide of guides)
    expect(readFileSync(join(ROOT, 'docs', guide), 'utf8')).toMatch(
      /^---\ntitle: .+\ncategory: (Guides|For developers)\n---\n\n# /,
    );
  expect(readdirSync(join(site, 'documents'))).toHaveLength(guides.length);
});

test('links lead to pages and to places in them', () => {
  const ids = new Map(
    pages().map((page) => [page, new Set(valuesOf(read(page), / id="([^"]*)"/g))]),
  );
  const broken: string[] = [];
  for (const page of pages()) {
    for (const link of valuesOf(read(page), /<a [^>]*href="([^"]*)"/g)) {
      if (isElsewhere(link)) continue;
      const [path = '', anchor = ''] = link.split('#');
      const file =
        path === '' ? page : relative(site, resolve(site, dirname(page), decodeURI(path)));
      const isThere = anchor === '' || ids.get(file)?.has(decodeURIComponent(anchor));
      if (!existsSync(join(site, file)) || !isThere) broken.push(`${page}: ${link}`);
    }
  }
  expect(ids.size).toBeGreaterThan(50);
  expect(broken).toEqual([]);
});

test('no page needs a server or a network', () => {
  for (const page of pages()) {
    const html = read(page);
    const needed = [
      ...valuesOf(html, /<(?:script|img|iframe|source|video)[^>]* src="([^"]*)"/g),
      ...valuesOf(html, /<link[^>]* href="([^"]*)"/g),
    ];
    expect(needed.filter((link) => isElsewhere(link) && !link.startsWith('data:'))).toEqual([]);
    for (const link of needed)
      expect([page, existsSync(resolve(site, dirname(page), link))]).toEqual([page, true]);
  }
  for (const name of readdirSync(join(site, 'assets')).filter((each) => each.endsWith('.css')))
    expect(read(join('assets', name))).not.toMatch(/url\(["']?https?:|@import/);
  // What is found and listed comes from scripts, which a page may load from disk, as it may not fetch.
  for (const name of ['search.js', 'navigation.js'])
    expect(read(join('assets', name))).toMatch(/^window\./);
});

test('names of the public surface lead from the guides into the reference', () => {
  expect(read('documents/Models.html')).toMatch(/href="\.\.\/classes\/BitModel\.html"/);
  expect(read('index.html')).toMatch(/href="classes\/BitBackbone\.html"/);
});
