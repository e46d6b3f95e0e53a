// What tells the three model classes apart.

/** How one class's network differs: the prefix of its trunk in files, and whether it has a head. */
export interface Kind {
  architecture: string;
  prefix: '' | 'bit.';
  hasHead: boolean;
}
