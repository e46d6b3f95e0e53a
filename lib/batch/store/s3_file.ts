// A file on its way into a bucket: in one request where it is small, in pieces where it is not.
import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { loadS3 } from './s3_client';
import type { FileFacts, StoreFile } from './store';

/** Of a file of several; S3 takes 10,000 of 5 MiB at least (Amazon S3 quotas, multipart upload). */
export const PIECE_BYTES = 16 * 1024 * 1024;

export interface S3Place {
  Bucket: string;
  Key: string;
}

type Explained = <T>(work: () => Promise<T>) => Promise<T>;

/** What is written is held until a piece is full, and nobody sees any of it before close(). */
export class S3File implements StoreFile {
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  private upload: string | null = null;
  private readonly tags: string[] = [];
  private readonly hash = createHash('sha256');
  private bytes = 0;
  private isClosed = false;

  constructor(
    private readonly client: S3Client,
    private readonly place: S3Place,
    private readonly explained: Explained,
    private readonly pieceBytes = PIECE_BYTES,
  ) {}

  async write(given: Uint8Array | string): Promise<void> {
    // A copy: callers may use their memory again before the piece is sent.
    const bytes = Buffer.from(given as Uint8Array);
    this.hash.update(bytes);
    this.bytes += bytes.length;
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    if (this.heldBytes >= this.pieceBytes) await this.explained(() => this.sendPiece());
  }

  async close(): Promise<FileFacts> {
    await this.explained(() => (this.upload === null ? this.sendWhole() : this.complete()));
    this.isClosed = true;
    return { bytes: this.bytes, sha256: this.hash.digest('hex') };
  }

  async discard(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.upload === null) return;
    const { AbortMultipartUploadCommand } = loadS3();
    const ended = { ...this.place, UploadId: this.upload };
    await this.client.send(new AbortMultipartUploadCommand(ended)).catch(() => undefined);
  }

  private taken(): Buffer {
    const bytes = Buffer.concat(this.held);
    this.held = [];
    this.heldBytes = 0;
    return bytes;
  }

  private async sendWhole(): Promise<void> {
    const { PutObjectCommand } = loadS3();
    await this.client.send(new PutObjectCommand({ ...this.place, Body: this.taken() }));
  }

  private async sendPiece(): Promise<void> {
    const { CreateMultipartUploadCommand, UploadPartCommand } = loadS3();
    if (this.upload === null) {
      const begun = await this.client.send(new CreateMultipartUploadCommand(this.place));
      this.upload = begun.UploadId as string;
    }
    const PartNumber = this.tags.length + 1;
    const piece = { ...this.place, UploadId: this.upload, PartNumber, Body: this.taken() };
    const { ETag } = await this.client.send(new UploadPartCommand(piece));
    this.tags.push(ETag as string);
  }

  private async complete(): Promise<void> {
    if (this.heldBytes > 0) await this.sendPiece();
    const { CompleteMultipartUploadCommand } = loadS3();
    const Parts = this.tags.map((ETag, at) => ({ ETag, PartNumber: at + 1 }));
    const whole = {
      ...this.place,
      UploadId: this.upload as string,
      MultipartUpload: { Parts },
    };
    await this.client.send(new CompleteMultipartUploadCommand(whole));
  }
}
