// A bucket of an object store, or a folder in one, as a store: Amazon S3 and what speaks its language.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { BitError, invalid } from '../../errors';
import { copyInPieces } from './s3_copy';
import { loadS3, reasonOf, s3Client, statusOf } from './s3_client';
import { PIECE_BYTES, S3File } from './s3_file';
import type { Store, StoreFile } from './store';

/** What one request copies at most (Amazon S3, CopyObject). */
const COPY_BYTES = 5 * 1024 ** 3;
/** What one request deletes at most (Amazon S3, DeleteObjects). */
const MOST_DELETED = 1000;
/** HTTP: the object is there; another one was being written just then; no such range. */
const PRECONDITION_FAILED = 412;
const CONFLICT = 409;
const RANGE_NOT_SATISFIABLE = 416;
const NOT_FOUND = 404;
/** Writes that are in each other's way are over in a moment. */
const CONFLICT_MS = 50;
const CONFLICT_TRIES = 20;
/** Whose writing an object is: tells our own, whose answer was lost, from somebody else's. */
const WRITER = 'writer';

/** `pieceBytes` and `copyBytes` are for tests. */
interface Limits {
  pieceBytes?: number;
  copyBytes?: number;
}

export class S3Store implements Store {
  readonly place: string;
  private readonly bucket: string;
  private readonly prefix: string;
  private readonly client: S3Client;
  private conditional: Promise<void> | null = null;

  /** @throws BitError ERR_BIT_CONFIG for what is no s3://bucket/prefix, ERR_BIT_OUTPUT without the client. */
  constructor(
    place: string,
    private readonly limits: Limits = {},
  ) {
    const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(place) ?? [];
    if (bucket === undefined)
      throw invalid('ERR_BIT_CONFIG', 'output', "'s3://bucket/prefix'", place);
    this.bucket = bucket;
    const folder = prefix.replace(/\/+$/, '');
    this.prefix = folder === '' ? '' : `${folder}/`;
    this.place = `s3://${bucket}${folder === '' ? '' : `/${folder}`}`;
    this.client = s3Client();
  }

  read(name: string, start = 0, end = Infinity): Promise<Buffer | null> {
    return this.explained('read', name, async () => {
      if (end <= start) return (await this.sizeOf(name)) === null ? null : Buffer.alloc(0);
      const Range = `bytes=${start}-${end === Infinity ? '' : end - 1}`;
      const isWhole = start === 0 && end === Infinity; // an empty object has no ranges
      const { GetObjectCommand } = loadS3();
      try {
        const wanted = { ...this.at(name), ...(!isWhole && { Range }) };
        const { Body } = await this.client.send(new GetObjectCommand(wanted));
        return Buffer.from(await Body!.transformToByteArray());
      } catch (error) {
        if (isMissing(error)) return null;
        if (statusOf(error) === RANGE_NOT_SATISFIABLE) return Buffer.alloc(0);
        throw error;
      }
    });
  }

  async list(folder: string): Promise<string[]> {
    return [...(await this.sizes(folder)).keys()];
  }

  sizes(folder: string): Promise<Map<string, number>> {
    return this.explained('read', folder, async () => {
      const prefix = this.key(folder === '' ? '' : `${folder}/`);
      const found = await this.keysBelow(prefix, '/');
      const named = [...found].map(([key, size]) => [key.slice(prefix.length), size] as const);
      return new Map(named.filter(([name]) => name !== ''));
    });
  }

  create(name: string): Promise<StoreFile> {
    const explained = <T>(work: () => Promise<T>) => this.explained('write', name, work);
    return Promise.resolve(
      new S3File(this.client, this.at(name), explained, this.limits.pieceBytes ?? PIECE_BYTES),
    );
  }

  writeOnce(name: string, text: string): Promise<boolean> {
    return this.explained('write', name, async () => {
      this.conditional ??= this.expectConditionalWrites();
      try {
        await this.conditional;
      } catch (error) {
        this.conditional = null;
        throw error;
      }
      return this.putOnce(name, text);
    });
  }

  async replace(name: string, text: string): Promise<void> {
    await this.explained('write', name, () => this.put(name, text));
  }

  move(from: string, to: string): Promise<boolean> {
    return this.explained('write', to, async () => {
      try {
        await this.copy(from, to);
      } catch (error) {
        if (isMissing(error)) return (await this.sizeOf(to)) !== null;
        throw error;
      }
      const { DeleteObjectCommand } = loadS3();
      await this.client.send(new DeleteObjectCommand(this.at(from)));
      return true;
    });
  }

  async remove(name: string): Promise<void> {
    await this.explained('remove', name, async () => {
      const { DeleteObjectCommand, DeleteObjectsCommand } = loadS3();
      await this.client.send(new DeleteObjectCommand(this.at(name)));
      const keys = [...(await this.keysBelow(`${this.key(name)}/`)).keys()];
      for (let at = 0; at < keys.length; at += MOST_DELETED) {
        const Objects = keys.slice(at, at + MOST_DELETED).map((Key) => ({ Key }));
        const some = { Bucket: this.bucket, Delete: { Objects, Quiet: true } };
        const { Errors = [] } = await this.client.send(new DeleteObjectsCommand(some));
        const [first] = Errors;
        if (first) throw new Error(`${first.Key}: ${first.Message ?? first.Code}`);
      }
    });
  }

  /** With their bytes; with `delimiter`, those of this folder alone. */
  private async keysBelow(prefix: string, delimiter?: string): Promise<Map<string, number>> {
    const { ListObjectsV2Command } = loadS3();
    const keys = new Map<string, number>();
    let token: string | undefined;
    do {
      const page = await this.client.send(
        new ListObjectsV2Command({
          Bucket: this.bucket,
          Prefix: prefix,
          Delimiter: delimiter,
          ContinuationToken: token,
        }),
      );
      for (const { Key, Size } of page.Contents ?? []) keys.set(Key as string, Size ?? 0);
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
    return keys;
  }

  /** Whether it is there as we wrote it. */
  private async putOnce(name: string, text: string): Promise<boolean> {
    const writer = randomUUID();
    const once = { IfNoneMatch: '*', Metadata: { [WRITER]: writer } };
    for (let tries = 1; ; tries++) {
      try {
        await this.put(name, text, once);
        return true;
      } catch (error) {
        // The client asks again where no answer came: what is there may be our own.
        if (statusOf(error) === PRECONDITION_FAILED) return (await this.writerOf(name)) === writer;
        if (statusOf(error) !== CONFLICT || tries === CONFLICT_TRIES) throw error;
        await wait(CONFLICT_MS);
      }
    }
  }

  /** Stores that take no notice of conditions would let the same part count twice. */
  private async expectConditionalWrites(): Promise<void> {
    const probe = `.job/probe-${randomUUID()}`;
    try {
      const isFirst = await this.putOnce(probe, '');
      if (isFirst && !(await this.putOnce(probe, ''))) return;
    } finally {
      const { DeleteObjectCommand } = loadS3();
      await this.client.send(new DeleteObjectCommand(this.at(probe))).catch(() => undefined);
    }
    throw new BitError(
      'ERR_BIT_OUTPUT',
      `The store of ${this.place} cannot write an object only where there is none (If-None-Match), so that ` +
        'rows could be doubled: use another store, or a newer version of it',
    );
  }

  private async put(
    name: string,
    text: string,
    more: Partial<PutObjectCommandInput> = {},
  ): Promise<void> {
    const { PutObjectCommand } = loadS3();
    const Body = Buffer.from(text);
    await this.client.send(new PutObjectCommand({ ...this.at(name), Body, ...more }));
  }

  private async copy(from: string, to: string): Promise<void> {
    const { CopyObjectCommand } = loadS3();
    const CopySource = encodeURI(`${this.bucket}/${this.key(from)}`);
    const limit = this.limits.copyBytes ?? COPY_BYTES;
    const { ContentLength: size = 0 } = await this.head(from);
    if (size > limit) await copyInPieces(this.client, CopySource, this.at(to), size, limit);
    else await this.client.send(new CopyObjectCommand({ ...this.at(to), CopySource }));
  }

  private head(name: string) {
    const { HeadObjectCommand } = loadS3();
    return this.client.send(new HeadObjectCommand(this.at(name)));
  }

  /** In bytes; null where there is no such object. */
  private async sizeOf(name: string): Promise<number | null> {
    try {
      return (await this.head(name)).ContentLength ?? 0;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  private async writerOf(name: string): Promise<string | undefined> {
    return (await this.head(name)).Metadata?.[WRITER];
  }

  private key(name: string): string {
    return `${this.prefix}${name}`;
  }

  private at(name: string): { Bucket: string; Key: string } {
    return { Bucket: this.bucket, Key: this.key(name) };
  }

  private async explained<T>(verb: string, name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof BitError) throw cause;
      const what = `${this.place}${name === '' ? '' : `/${name}`}`;
      const message = `Cannot ${verb} ${what}: ${reasonOf(cause)}`;
      throw new BitError('ERR_BIT_OUTPUT', message, { cause });
    }
  }
}

/** Whether there is no such object; a bucket that is not there is something else. */
function isMissing(error: unknown): boolean {
  return statusOf(error) === NOT_FOUND && (error as Error).name !== 'NoSuchBucket';
}
