import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { KeyPath } from './key-path.ts';

/** A YAML text as plain values, which remembers where each of them stands. */
export interface YamlText {
  readonly value: unknown;
  /** Line, from 1, of the key or list item at `path`, or of its nearest ancestor that is there. */
  lineOf(path: KeyPath): number;
}

export interface YamlFault {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export type YamlResult =
  | { readonly ok: true; readonly text: YamlText }
  | { readonly ok: false; readonly faults: readonly YamlFault[] };

/**
 * Reads one YAML 1.2 document. Repeated keys, unknown tags and several documents are faults.
 * Messages never quote the text, since it may hold secrets.
 */
export function parseYaml(text: string): YamlResult {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const faults = [...document.errors, ...document.warnings].map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    message: FAULT_MESSAGES[error.code] ?? 'this is not valid YAML',
  }));
  if (faults.length > 0) return { ok: false, faults };
  return plainValues(document, lines);
}

function plainValues(document: Document.Parsed, lines: LineCounter): YamlResult {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    const lineOf = (path: KeyPath) => lines.linePos(offsetOf(document, path)).line;
    return { ok: true, text: { value, lineOf } };
  } catch {
    return {
      ok: false,
      faults: [{ line: 1, message: 'its aliases (`*name`) are unknown, circular or too many' }],
    };
  }
}

const FAULT_MESSAGES: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'this alias (`*name`) names no anchor',
  BAD_DQ_ESCAPE: 'unknown escape in a double-quoted text',
  BAD_INDENT: 'wrong indentation, or a bracket above is not closed',
  BAD_SCALAR_START: 'this text starts with a reserved character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two keys on one line, or a text with `: ` in it that needs quotes',
  DUPLICATE_KEY: 'this key is given twice',
  MISSING_CHAR: 'a bracket, a quote, a comma or a colon is missing here',
  MULTIPLE_DOCS: 'a second document starts here; one file holds one',
  TAB_AS_INDENT: 'tabs are not allowed as indentation',
  TAG_RESOLVE_FAILED: 'unknown tag (`!name`)',
};

function offsetOf(document: Document.Parsed, path: KeyPath): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    const found = childOf(document, node, step);
    if (found === undefined) break;
    offset = found.offset ?? offset;
    node = found.node;
  }
  return offset;
}

interface Child {
  readonly offset: number | undefined;
  readonly node: Node | null;
}

function childOf(document: Document.Parsed, parent: Node | null, step: string | number): Child | undefined {
  const node = isAlias(parent) ? (parent.resolve(document) ?? null) : parent;
  if (isSeq<Node>(node)) {
    const item = node.items[Number(step)];
    return item === undefined ? undefined : { offset: item.range?.[0], node: item };
  }
  if (!isMap<Node, Node | null>(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  return pair === undefined ? undefined : { offset: pair.key.range?.[0], node: pair.value };
}
