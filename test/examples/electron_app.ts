// The Electron example as a newcomer has it: copied out, its packages beside it.
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/child';

export const EXAMPLE = join(ROOT, 'examples', 'electron');

/** Copies the app into a folder, with this checkout in place of the published package. */
export function copyApp(folder: string): string {
  const app = join(folder, 'app');
  cpSync(EXAMPLE, app, {
    recursive: true,
    filter: (file) => !file.startsWith(join(EXAMPLE, 'node_modules')),
  });
  mkdirSync(join(app, 'node_modules'));
  symlinkSync(ROOT, join(app, 'node_modules', 'bigtransfer'));
  symlinkSync(join(ROOT, 'node_modules', 'sharp'), join(app, 'node_modules', 'sharp'));
  return app;
}

/** One of the example's CommonJS modules. */
export function part<T extends object>(...names: string[]): T {
  return jest.requireActual<T>(join(EXAMPLE, ...names));
}

/** As lib/engine.js has it. */
export interface State {
  phase: 'starting' | 'ready' | 'stopped';
  reason: string | null;
  decoder: 'auto' | 'sharp' | 'page';
}

/** An event of page/api.d.ts, or of the engine alone. */
export interface Told {
  event: string;
  picture: number;
  pictures: { picture: number; name: string }[];
  [key: string]: unknown;
}

export interface Engine {
  readonly state: State;
  start(): void;
  stop(): void;
  request<T>(
    method: string,
    params?: object,
    options?: { signal?: AbortSignal; timeoutMs?: number },
  ): Promise<T>;
  on(event: 'state', listener: (state: State) => void): void;
  on(event: 'event', listener: (event: Told) => void): void;
}

export interface Child {
  pid?: number;
  postMessage(message: unknown): void;
  kill(): void;
  on(event: string, listener: (...args: never[]) => void): unknown;
}

export type EngineClass = new (options: {
  fork: (args: string[]) => Child;
  decoder?: string;
  args?: string[];
}) => Engine;
