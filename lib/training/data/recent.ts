// What was read last, kept while there is room for it.

interface Held<T> {
  value: Promise<T>;
  bytes: number;
}

export class Recent<T> {
  private readonly held = new Map<string, Held<T>>();
  private bytes = 0;

  /**
   * @param most bytes that are kept; the value that was asked for last is, whatever it has.
   * @param bytesOf a value.
   */
  constructor(
    private readonly most: number,
    private readonly bytesOf: (value: T) => number,
  ) {}

  /** The value of this name; loaded once for all who ask meanwhile, and again where it is not kept any more. */
  async get(name: string, load: () => Promise<T>): Promise<T> {
    const entry = this.held.get(name) ?? this.begin(name, load);
    // Last in the order: the first ones go first.
    if (this.held.delete(name)) this.held.set(name, entry);
    return entry.value;
  }

  private begin(name: string, load: () => Promise<T>): Held<T> {
    const entry: Held<T> = { value: load(), bytes: 0 };
    this.held.set(name, entry);
    entry.value.then(
      (value) => {
        entry.bytes = this.bytesOf(value);
        this.bytes += entry.bytes;
        this.makeRoom(entry);
      },
      () => this.held.delete(name), // whoever asks again has it tried again
    );
    return entry;
  }

  private makeRoom(newest: Held<T>): void {
    for (const [name, entry] of this.held) {
      if (this.bytes <= this.most) return;
      if (entry === newest || entry.bytes === 0) continue;
      this.held.delete(name);
      this.bytes -= entry.bytes;
    }
  }
}
