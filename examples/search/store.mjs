// The store: a file of pictures' embeddings, and the nearest of them, by libsql (SQLite with vectors).
import Database from 'libsql';

/** Another program may be writing; it takes a moment. */
const BUSY_MS = 10_000;
/** Rows of a page, where all rows are gone through. */
const PAGE = 500;

/** What is wrong with a store, for its user. */
export class StoreError extends Error {}

const SCHEMA = (width) => `
  CREATE TABLE IF NOT EXISTS about (model TEXT NOT NULL, width INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS pictures (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    mtime REAL NOT NULL,
    size INTEGER NOT NULL,
    embedding F32_BLOB(${width}) NOT NULL
  );`;

export class Store {
  #database;
  #statements;

  /**
   * Opens the store, or makes it.
   * @param about the model's name, and the width of its embeddings.
   * @throws StoreError for a file that is no store, or one that another model's embeddings are in.
   */
  constructor(file, about) {
    try {
      this.#database = new Database(file, { timeout: BUSY_MS });
      this.#database.pragma('journal_mode = WAL');
      this.#checkAbout(file, about);
      this.#database.exec(SCHEMA(about.width));
    } catch (error) {
      this.#database?.close();
      if (error instanceof StoreError) throw error;
      throw new StoreError(`${file} cannot be opened as a store of pictures: ${error.message}`);
    }
    this.#statements = prepared(this.#database);
    this.#statements.introduce.run(about.model, about.width);
  }

  /** Angles between embeddings of different models mean nothing. */
  #checkAbout(file, { model, width }) {
    const exists = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'about'";
    if (this.#database.prepare(exists).get() === undefined) return;
    const known = this.#database.prepare('SELECT model, width FROM about').get();
    if (known === undefined || (known.model === model && known.width === width)) return;
    throw new StoreError(
      `${file} has embeddings of ${known.model} (${known.width} numbers each), not of ${model} (${width}): ` +
        `give that model by --model, or another file by --store`,
    );
  }

  get size() {
    return this.#statements.count.get().count;
  }

  /** When and how large a picture was as it was added; undefined for one that is not there. */
  lookUp(path) {
    return this.#statements.lookUp.get(path);
  }

  /** Adds or replaces pictures `{ path, mtime, size, embedding }`: all or none. */
  put(rows) {
    this.#database.transaction(() => {
      for (const { path, mtime, size, embedding } of rows)
        this.#statements.put.run(path, mtime, size, blobOf(embedding));
    })();
  }

  /** All or none. */
  remove(paths) {
    this.#database.transaction(() => {
      for (const path of paths) this.#statements.remove.run(path);
    })();
  }

  /** The paths that begin with `start`, some at a time; these may be removed meanwhile. */
  *pages(start) {
    for (let last = 0; ;) {
      const rows = this.#statements.page.all(last, start, start, PAGE);
      if (rows.length === 0) return;
      last = rows.at(-1).id;
      yield rows.map(({ path }) => path);
    }
  }

  /**
   * The `number` pictures that are most like an embedding, with the cosine of the angle between. All
   * rows are compared: libsql's own index is approximate, and loses pictures of which there are copies.
   */
  nearest(embedding, number) {
    return this.#statements.nearest
      .all(blobOf(embedding), number)
      .map(({ path, distance }) => ({ path, similarity: 1 - distance }));
  }

  close() {
    this.#database.close();
  }
}

function prepared(database) {
  const statements = {
    introduce: `INSERT INTO about (model, width)
      SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM about)`,
    count: 'SELECT count(*) AS count FROM pictures',
    lookUp: 'SELECT mtime, size FROM pictures WHERE path = ?',
    put: `INSERT INTO pictures (path, mtime, size, embedding) VALUES (?, ?, ?, ?)
      ON CONFLICT (path) DO UPDATE
      SET mtime = excluded.mtime, size = excluded.size, embedding = excluded.embedding`,
    remove: 'DELETE FROM pictures WHERE path = ?',
    page: `SELECT id, path FROM pictures
      WHERE id > ? AND substr(path, 1, length(?)) = ? ORDER BY id LIMIT ?`,
    // An embedding of zeros has no angle, and so no distance.
    nearest: `SELECT path, vector_distance_cos(embedding, ?) AS distance
      FROM pictures WHERE distance IS NOT NULL ORDER BY distance LIMIT ?`,
  };
  const entries = Object.entries(statements);
  return Object.fromEntries(entries.map(([name, sql]) => [name, database.prepare(sql)]));
}

/** float32 numbers as the store keeps them. */
function blobOf({ buffer, byteOffset, byteLength }) {
  return Buffer.from(buffer, byteOffset, byteLength);
}
