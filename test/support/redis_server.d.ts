// Types of redis_server.js, which programs without a compiler use too.

export class RedisServer {
  /** @param args of redis-server, beside those that it needs. @throws where redis-server is missing. */
  constructor(args?: string[]);
  port: number;
  readonly url: string;
  /** On the same port each time, with what it had. */
  start(): Promise<this>;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Stops it for good. */
  remove(): Promise<void>;
}
