// The door to S3's client, which loads when the first s3:// place is opened: how it is set up, and its errors in words.
import type * as S3 from '@aws-sdk/client-s3';
import { BitError } from '../../errors';

/** For stores that are not Amazon's, which mostly have no regions. */
const NO_REGION = 'us-east-1';
/** Tries of each request: servers that are busy say so, and connections break. */
const TRIES = 6;

/** @throws BitError ERR_BIT_OUTPUT where it is not installed. */
export function loadS3(): typeof S3 {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would load it at once
    return require('@aws-sdk/client-s3') as typeof S3;
  } catch (cause) {
    throw new BitError(
      'ERR_BIT_OUTPUT',
      'Outputs at s3:// need the @aws-sdk/client-s3 package, which does not load here: run `npm install @aws-sdk/client-s3`',
      { cause },
    );
  }
}

/** A client with what AWS's own tools read: AWS_ENDPOINT_URL, AWS_REGION, credentials, ~/.aws. */
export function s3Client(): S3.S3Client {
  const { env } = process;
  const endpoint = env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];
  const region = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  return new (loadS3().S3Client)({
    maxAttempts: TRIES,
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && {
      endpoint,
      // Names of buckets as hosts need a DNS that most such stores do not have.
      forcePathStyle: true,
      ...(region === undefined && { region: NO_REGION }),
      // Not all of them know the newer checksums.
      ...(env['AWS_REQUEST_CHECKSUM_CALCULATION'] === undefined && {
        requestChecksumCalculation: 'WHEN_REQUIRED' as const,
      }),
    }),
  });
}

const CREDENTIALS = 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE';
/** By the names that S3 and its client give errors. */
const REASONS: Readonly<Record<string, string>> = {
  NoSuchBucket: 'there is no such bucket',
  AccessDenied: 'no permission for it (AccessDenied)',
  Forbidden: 'no permission for it',
  InvalidAccessKeyId: `the access key is not known there: ${CREDENTIALS}`,
  SignatureDoesNotMatch: `the secret key is not that of the access key: ${CREDENTIALS}`,
  ExpiredToken: 'the session has expired: sign in anew',
  CredentialsProviderError: `there are no credentials: ${CREDENTIALS}`,
  ECONNREFUSED: 'nobody answers at that address: is AWS_ENDPOINT_URL right?',
  ENOTFOUND: 'there is no such host: is AWS_ENDPOINT_URL right?',
};

/** The system's codes, which the client may put into a message. */
const NO_ANSWER = /\b(ECONNREFUSED|ENOTFOUND)\b/;

/** Why a request failed, for people. */
export function reasonOf(cause: unknown): string {
  const { name, message, code = NO_ANSWER.exec(message)?.[0] } = cause as NodeJS.ErrnoException;
  if (message.includes('Region is missing'))
    return 'the region of the bucket is not known: set AWS_REGION';
  return REASONS[name] ?? REASONS[code ?? ''] ?? `${message || name} (${code ?? name})`;
}

/** The HTTP status of a request that failed; undefined where there was no answer. */
export function statusOf(error: unknown): number | undefined {
  return (error as Partial<S3.S3ServiceException> | null)?.$metadata?.httpStatusCode;
}
