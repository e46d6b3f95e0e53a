// What the shell gives the page as `pictures`: preload.js in Electron, web/bridge.mjs in a browser.

export interface Label {
  index: number;
  label: string;
  /** 0 to 1. */
  score: number;
}

/** RGBA in page → engine, RGB in engine → page. */
export interface Pixels {
  data: Uint8Array;
  width: number;
  height: number;
  channels?: number;
}

export interface State {
  phase: 'starting' | 'ready' | 'stopped';
  /** Why it is not ready, or was started anew. */
  reason: string | null;
  /** Who decodes pictures; 'auto' until that is known. */
  decoder: 'auto' | 'sharp' | 'page';
  model?: string;
}

/** The page is to fetch `/picture/<picture>`, and to answer by decoded(). */
export interface DecodeRequest {
  picture: number;
  /** Longest side of the pixels, and of the thumbnail. */
  side: number;
  thumbnailSide: number;
  /** Larger pictures are refused, but for JPEGs. */
  maxPixels: number;
}

export type Event =
  | ({ event: 'state' } & State)
  | { event: 'found'; pictures: { picture: number; name: string }[] }
  | { event: 'thumbnail'; picture: number; bytes: Uint8Array; width: number; height: number }
  | ({ event: 'decode' } & DecodeRequest)
  | { event: 'labels'; picture: number; labels: Label[] }
  | { event: 'duplicate'; picture: number; of: number; similarity: number }
  | { event: 'failed'; picture: number; message: string }
  | { event: 'skipped'; pictures: number[] }
  | { event: 'progress'; found: number; done: number; isBusy: boolean }
  | { event: 'note'; message: string };

export interface Pictures {
  /** Looks at files and folders that the user dropped. */
  add(files: File[]): Promise<void>;
  /** Lets the user choose, and looks at what was chosen. */
  choose(kind: 'pictures' | 'folder'): Promise<void>;
  /** For a page that begins anew: forgets all pictures. */
  open(): Promise<State>;
  /** The picture with red where it speaks for the label of this index, and blue where against. */
  overlay(picture: number, label: number): Promise<{ png: Uint8Array } | { pixels: Pixels }>;
  /** All others that were looked at, the most alike first, by the cosine of their features. */
  similar(picture: number): Promise<{ picture: number; similarity: number }[]>;
  /** What became of a picture that the page was to decode. */
  decoded(picture: number, outcome: { pixels: Pixels } | { message: string }): Promise<void>;
  cancel(): Promise<void>;
  clear(): Promise<void>;
  /** Starts an engine that has stopped. */
  restart(): Promise<void>;
  listen(listener: (event: Event) => void): void;
  /** Where a shell has no paths: what was dropped, with the files in folders. */
  collect?(transfer: DataTransfer): Promise<File[]>;
}

declare global {
  interface Window {
    pictures: Pictures;
  }
}
