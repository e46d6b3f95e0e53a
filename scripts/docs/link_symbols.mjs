// A plugin for typedoc: names of the public surface that stand as code in the README and the guides, such as `BitModel`
// or `pipeline()`, lead to their page of the reference.
import { Converter, ReflectionKind } from 'typedoc';

const NAME = /^`([A-Za-z]\w*)(?:\(\))?`$/;

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const symbols = new Map(project.children?.map((each) => [each.name, each]));
    const linked = (part) => {
      const target = part.kind === 'code' && symbols.get(NAME.exec(part.text)?.[1]);
      if (!target) return part;
      return { kind: 'inline-tag', tag: '@linkcode', text: part.text.slice(1, -1), target };
    };
    if (project.readme) project.readme = project.readme.map(linked);
    for (const guide of project.getReflectionsByKind(ReflectionKind.Document))
      guide.content = guide.content.map(linked);
  });
}
