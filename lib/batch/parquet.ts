// The doors to libraries of Parquet and Arrow, which load when the first such file is read or written.
import type * as Arrow from 'apache-arrow';
import type * as Parquet from 'parquet-wasm/node';

/* eslint-disable @typescript-eslint/no-require-imports -- imports would load them at once */

export const loadArrow = () => require('apache-arrow') as typeof Arrow;

/** arrow-rs's Parquet, compiled to WebAssembly: writes. Of broken files it ends the process. */
export const loadParquet = () => require('parquet-wasm/node') as typeof Parquet;

/** Reads, in JavaScript. */
export const loadParquetReader = () => import('hyparquet');

/** For what it reads. */
export const loadCompressors = async () => (await import('hyparquet-compressors')).compressors;
