import type { SignedContent } from './match-keys.ts';
import type { CustomScheme } from './types.ts';

export const PLACEHOLDERS = ['timestamp', 'id', 'method', 'path', 'body'] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** What a placeholder stands for in one request; undefined where the request has no such thing. */
export interface TemplateValues {
  readonly timestamp: string | undefined;
  readonly id: string | undefined;
  readonly method: string;
  /** The request target without its query, as received. */
  readonly path: string;
  readonly body: Buffer;
}

/** Odd elements of the split are the placeholders. */
const SEPARATOR = /\{(timestamp|id|method|path|body)\}/;
const NOT_A_PLACEHOLDER = /\{[A-Za-z]+\}/;
const PRINTABLE_ASCII = /^[\t\n -~]*$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Whether a template signs what the placeholder stands for. */
export function signs(template: string, placeholder: Placeholder): boolean {
  return template.includes(`{${placeholder}}`);
}

/**
 * The signed content of a request, the body as the bytes it is; undefined when the template names something that the
 * request lacks.
 */
export function renderContent(template: string, values: TemplateValues): SignedContent | undefined {
  const content: (string | Buffer)[] = [];
  const parts = template.split(SEPARATOR);
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index] ?? '';
    const piece = index % 2 === 0 ? part : values[part as Placeholder];
    if (piece === undefined) return undefined;
    if (piece.length > 0) content.push(piece);
  }
  return content;
}

/** The path of a request target: what stands before the query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/**
 * Why a custom scheme cannot be used, each with its remedy; empty when it can. A configuration must be refused on any
 * of these: a template without the body would verify nothing, and two placeholders that touch can be told apart in
 * more than one way.
 */
export function customSchemeProblems(custom: CustomScheme): readonly string[] {
  const { content, timestampHeader, idHeader } = custom;
  const problems: string[] = [];
  if (!signs(content, 'body')) problems.push('content does not sign the body: add {body}');
  const unknown = NOT_A_PLACEHOLDER.exec(content.replaceAll(new RegExp(SEPARATOR, 'g'), ''));
  if (unknown !== null) problems.push(`content holds ${unknown[0]}: use only {${PLACEHOLDERS.join('}, {')}}`);
  if (/\}\{/.test(content)) problems.push('content has touching placeholders: put a separator between them');
  if (!PRINTABLE_ASCII.test(content)) problems.push('content holds characters outside ASCII: remove them');
  problems.push(
    ...pairProblems('timestamp', timestampHeader, content),
    ...pairProblems('id', idHeader, content),
  );
  for (const name of [custom.header, timestampHeader, idHeader]) {
    if (name !== undefined && !HEADER_NAME.test(name))
      problems.push('a header name is malformed: use its bare name');
  }
  return problems;
}

function pairProblems(
  name: 'timestamp' | 'id',
  header: string | undefined,
  content: string,
): readonly string[] {
  if (header === undefined && signs(content, name)) return [`content signs {${name}}: set ${name}Header`];
  if (header !== undefined && !signs(content, name)) {
    return [`${name}Header is set but not signed: add {${name}} to content or remove ${name}Header`];
  }
  return [];
}
