// Copies an object that is too large for one request, in pieces; its bytes stay within the store.
import type { S3Client } from '@aws-sdk/client-s3';
import { loadS3 } from './s3_client';
import type { S3Place } from './s3_file';

/**
 * @param source as CopyObject takes it: bucket and key, with escapes.
 * @param size of the object, in bytes.
 * @param pieceBytes what one request may copy.
 */
export async function copyInPieces(
  client: S3Client,
  source: string,
  to: S3Place,
  size: number,
  pieceBytes: number,
): Promise<void> {
  const s3 = loadS3();
  const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand(to));
  const upload = { ...to, UploadId };
  try {
    const Parts: { ETag?: string; PartNumber: number }[] = [];
    for (let start = 0; start < size; start += pieceBytes) {
      const PartNumber = Parts.length + 1;
      const range = `bytes=${start}-${Math.min(start + pieceBytes, size) - 1}`;
      const piece = { ...upload, PartNumber, CopySource: source, CopySourceRange: range };
      const { CopyPartResult } = await client.send(new s3.UploadPartCopyCommand(piece));
      Parts.push({ ETag: CopyPartResult?.ETag, PartNumber });
    }
    const whole = { ...upload, MultipartUpload: { Parts } };
    await client.send(new s3.CompleteMultipartUploadCommand(whole));
  } catch (error) {
    await client.send(new s3.AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}
