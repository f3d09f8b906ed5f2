/**
 * A twemproxy file as a Config, or a ConfigError that lists everything nutcracker would refuse, one line each:
 * `nutcracker.yml:7:11: alpha.hash: expected one of ..., got "fnv2"`. nutcracker itself stops at the first problem and
 * names no line. Used by ../load.ts for every file that recognise.ts takes for one of twemproxy's.
 */
import { ConfigError } from '../../errors.js';
import { Partitioner } from '../../routing/partitioner.js';
import { partitionerOptions } from '../partitioning.js';
import type { Config } from '../schema.js';
import { parseTwemproxyYaml, type Block, type Finding, type TwemproxyDocument } from './document.js';
import { readPool, type PoolReading, type TwemproxyPool } from './pool.js';
import { translate, type Template } from './translate.js';

/** A host name that nutcracker looks up while it reads the file, and where it stands: `f.yml:3:11: alpha.listen`. */
export interface ListenName {
  readonly host: string;
  readonly where: string;
}

export interface TwemproxyFile {
  readonly config: Config;
  /** Options that have no effect here, one complete line each, with their place. */
  readonly warnings: readonly string[];
  readonly listenNames: readonly ListenName[];
}

const PROBLEMS_SHOWN_MAX = 20;

/** @throws {ConfigError} with one line per problem in the order of the text, and one that says what the file was taken for. */
export function parseTwemproxy(text: string, fileName: string, why: string, template: Template): TwemproxyFile {
  const document = parseTwemproxyYaml(text);
  const readings = document.blocks.map(readPool);
  const problems = [
    ...document.findings,
    ...readings.flatMap((reading) => reading.problems),
    ...clashes(document.blocks, readings),
  ];
  const pools = readings.flatMap(({ pool }) => pool ?? []);
  if (problems.length === 0) problems.push(...ringProblems(pools, document, template));
  if (problems.length > 0) throw asError(problems, document, fileName, why);
  return {
    config: translate([...pools].sort(byName), template),
    warnings: inOrder(readings.flatMap((reading) => reading.warnings)).map((finding) =>
      lineOf(finding, document, fileName),
    ),
    listenNames: readings.flatMap(({ pool, listenAt }) => {
      if (pool?.listen.kind !== 'tcp' || pool.listen.host === '*') return [];
      const { line, column } = document.positionOf(listenAt);
      return [{ host: pool.listen.host, where: `${fileName}:${line}:${column}: ${pool.name}.listen` }];
    }),
  };
}

/** nutcracker's order of pools and servers: the shorter name first, then by bytes. */
function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  const [one, other] = [Buffer.from(a.name), Buffer.from(b.name)];
  return one.length - other.length || one.compare(other);
}

/** Two pools of one name, or with the same `listen` text. */
function clashes(blocks: readonly Block[], readings: readonly PoolReading[]): Finding[] {
  const findings: Finding[] = [];
  const names = new Set<string>();
  const listens = new Map<string, string>();
  for (const [index, { name, directives }] of blocks.entries()) {
    if (names.has(name.text)) findings.push({ offset: name.offset, path: name.text, message: 'duplicate pool name' });
    names.add(name.text);
    const listen = directives.find(({ key }) => key.text === 'listen')?.values[0]?.text;
    if (listen === undefined) continue;
    const other = listens.get(listen);
    const offset = readings[index]!.listenAt;
    const message = `pool "${other}" listens on ${listen} too`;
    if (other !== undefined) findings.push({ offset, path: `${name.text}.listen`, message });
    listens.set(listen, name.text);
  }
  return findings;
}

/** Rings that nutcracker would build at any cost and we do not: a modula table of many million slots, for example. */
function ringProblems(pools: readonly TwemproxyPool[], document: TwemproxyDocument, template: Template): Finding[] {
  const config = translate(pools, template);
  return config.pools.flatMap(({ name, nodes, partitioning }): Finding[] => {
    try {
      new Partitioner(partitionerOptions(nodes, partitioning, () => 0));
      return [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const block = document.blocks.find((each) => each.name.text === name)!;
      return [{ offset: block.name.offset, path: `${name}.servers`, message: error.message }];
    }
  });
}

function inOrder(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => a.offset - b.offset);
}

function lineOf({ offset, path, message }: Finding, document: TwemproxyDocument, fileName: string): string {
  const { line, column } = document.positionOf(offset);
  return `${fileName}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
}

function asError(
  problems: readonly Finding[],
  document: TwemproxyDocument,
  fileName: string,
  why: string,
): ConfigError {
  const lines = inOrder(problems).map((problem) => lineOf(problem, document, fileName));
  const shown = [...new Set(lines)].slice(0, PROBLEMS_SHOWN_MAX);
  if (lines.length > shown.length) shown.push(`${fileName}: and ${lines.length - shown.length} more problems`);
  shown.push(`${fileName}: read as a twemproxy file, because ${why}`);
  return new ConfigError(shown.join('\n'));
}
