// Where a process stands among those that train together: by options, or by the variables that torchrun sets.
import { availableParallelism } from 'node:os';
import { callback, count, isObject, positive, text, type Check } from '../../config/checks';
import { checkOptions } from '../../config/options';
import { invalid } from '../../errors';

/**
 * Of {@link fineTune} in several processes, on one machine or on many. What is left out is as torchrun's variables say.
 * @category Training
 */
export interface DistributedOptions {
  /** The number of this process, from 0: RANK. That of 0 writes all files. */
  rank?: number;
  /** How many there are: WORLD_SIZE. One is a run like any other. */
  worldSize?: number;
  /** The machine of rank 0: MASTER_ADDR. */
  masterAddr?: string;
  /** A port of it that is free: MASTER_PORT. Rank 0 takes any for 0, see onListening. */
  masterPort?: number;
  /** The number of this process among those of its machine, from 0: LOCAL_RANK, else 0. 'cuda' is the GPU of that number. */
  localRank?: number;
  /** How many of them its machine has: LOCAL_WORLD_SIZE, else 1. */
  localWorldSize?: number;
  /** Silence after which a process is given up, in milliseconds; default 45,000. */
  timeoutMs?: number;
  /** How long all wait for each other at the beginning, in milliseconds; default 300,000. */
  joinTimeoutMs?: number;
  /** Called at rank 0 with its port, once the others may come. */
  onListening?: (port: number) => void;
}

/** Where processes meet, and how long they wait: all that they need to know. */
export interface MeetingPlace extends Required<
  Omit<DistributedOptions, 'onListening' | keyof LocalPlace>
> {
  /** Those who are told of the port may come once it resolves. */
  onListening?: (port: number) => void | Promise<void>;
}

/** Which process of its machine one is, and of how many. */
export type LocalPlace = Required<Pick<DistributedOptions, 'localRank' | 'localWorldSize'>>;

/** The only one. */
export const ALONE: LocalPlace = { localRank: 0, localWorldSize: 1 };

/** The same as it is given. */
export interface PeerPlace extends MeetingPlace {
  /** What torchrun calls this start of its processes, where its own store listens at the master's port; null elsewhere. */
  agentRun: string | null;
}

const DEFAULT_TIMEOUT_MS = 45_000;
const DEFAULT_JOIN_TIMEOUT_MS = 300_000;
const LAST_PORT = 65_535;

const rank: Check = {
  expected: 'an integer, 0 or more',
  test: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
};
const port: Check = {
  expected: `a port from 0 to ${LAST_PORT}`,
  test: (value) => rank.test(value) && (value as number) <= LAST_PORT,
};
const host: Check = {
  expected: 'the name or address of a machine',
  test: (value) => text.test(value) && value !== '',
};

const CHECKS = {
  rank,
  worldSize: count,
  masterAddr: host,
  masterPort: port,
  localRank: rank,
  localWorldSize: count,
  timeoutMs: positive,
  joinTimeoutMs: positive,
  onListening: callback,
};

const VARIABLES = {
  rank: 'RANK',
  worldSize: 'WORLD_SIZE',
  masterAddr: 'MASTER_ADDR',
  masterPort: 'MASTER_PORT',
  localRank: 'LOCAL_RANK',
  localWorldSize: 'LOCAL_WORLD_SIZE',
} as const;

/** What an environment has. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Of fineTune()'s option. */
export const distributed: Check = {
  expected: 'an object, or null',
  test: (value) => value === null || isObject(value),
};

/**
 * Null for a run in one process.
 * @throws BitError ERR_BIT_CONFIG naming the option or the variable that is wrong or missing.
 */
export function placeOf(
  options: DistributedOptions | null | undefined,
  environment: Environment,
): PeerPlace | null {
  if (options === null) return null;
  const given = checkOptions(options, CHECKS as never) as DistributedOptions;
  const isAsked = given.worldSize !== undefined || environment[VARIABLES.worldSize] !== undefined;
  if (!isAsked && given.rank === undefined) return null;
  const worldSize = valueOf('worldSize', given, environment) as number;
  if (worldSize === 1) return null;
  const place: PeerPlace = {
    ...given,
    worldSize,
    rank: valueOf('rank', given, environment) as number,
    masterAddr: valueOf('masterAddr', given, environment) as string,
    masterPort: valueOf('masterPort', given, environment) as number,
    agentRun: given.masterPort === undefined ? agentRunIn(environment) : null,
    timeoutMs: given.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    joinTimeoutMs: given.joinTimeoutMs ?? DEFAULT_JOIN_TIMEOUT_MS,
  };
  if (place.rank >= worldSize)
    throw wrong(
      'rank',
      given,
      `a number below ${sourceOf('worldSize', given)}, ${worldSize},`,
      place.rank,
    );
  if (place.masterPort === 0 && place.rank > 0)
    throw wrong('masterPort', given, 'the port of rank 0', 0);
  return place;
}

/**
 * Of a run in one process, too, whatever the environment says.
 * @throws BitError ERR_BIT_CONFIG as {@link placeOf}.
 */
export function localPlaceOf(
  options: DistributedOptions | null | undefined,
  environment: Environment,
): LocalPlace {
  if (placeOf(options, environment) === null) return ALONE;
  const given = options ?? {};
  const of = (name: keyof LocalPlace) =>
    given[name] === undefined && environment[VARIABLES[name]] === undefined
      ? ALONE[name]
      : (valueOf(name, given, environment) as number);
  return { localRank: of('localRank'), localWorldSize: of('localWorldSize') };
}

/** torchrun's agent has its store at MASTER_PORT, which PyTorch's processes use and so do ours. */
function agentRunIn(environment: Environment): string | null {
  if (environment['TORCHELASTIC_USE_AGENT_STORE'] !== 'True') return null;
  const { TORCHELASTIC_RUN_ID: run = '', TORCHELASTIC_RESTART_COUNT: restart = '0' } = environment;
  return `${run}/${restart}`;
}

type Name = keyof typeof VARIABLES;

function valueOf(name: Name, given: DistributedOptions, environment: Environment) {
  if (given[name] !== undefined) return given[name];
  const written = environment[VARIABLES[name]];
  const isNumber = name !== 'masterAddr' && written !== undefined && /^\d+$/.test(written);
  const value = isNumber ? Number(written) : written;
  const { expected, test } = CHECKS[name];
  if (!test(value)) throw wrong(name, given, expected, value);
  return value;
}

function wrong(name: Name, given: DistributedOptions, expected: string, value: unknown) {
  const hint = value === undefined ? ', which torchrun sets,' : '';
  return invalid('ERR_BIT_CONFIG', `${sourceOf(name, given)}${hint}`, expected, value);
}

/** What a user would have to change. */
const sourceOf = (name: Name, given: DistributedOptions) =>
  given[name] === undefined ? VARIABLES[name] : `distributed.${name}`;

/**
 * Threads of each of the processes on this machine, where torchrun says how many there are (LOCAL_WORLD_SIZE); undefined:
 * nobody shares them.
 * @throws BitError ERR_BIT_CONFIG.
 */
export function sharedThreads(environment: Environment): number | undefined {
  const written = environment['LOCAL_WORLD_SIZE'];
  if (written === undefined) return undefined;
  if (!count.test(Number(written)))
    throw invalid('ERR_BIT_CONFIG', 'LOCAL_WORLD_SIZE', count.expected, written);
  return Math.max(1, Math.floor(availableParallelism() / Number(written)));
}
