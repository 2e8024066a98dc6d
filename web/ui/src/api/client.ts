// The HTTP API over fetch. The session is an HttpOnly cookie, so nothing secret is ever in the page's hands.
import { parseJson, writeJson } from './json';

export interface FieldProblem {
  pointer: string;
  detail: string;
}

/** An answer that is not a success: RFC 9457 problem+json, or what stands in for it when there was no answer. */
export class Problem extends Error {
  constructor(
    readonly status: number, // 0: no answer at all
    readonly title: string,
    readonly detail: string,
    readonly hint: string | undefined = undefined,
    readonly errors: FieldProblem[] = [],
  ) {
    super(detail || title);
  }
  /** The problem at that JSON Pointer or below it. */
  at(pointer: string): FieldProblem | undefined {
    return this.errors.find((each) => each.pointer === pointer || each.pointer.startsWith(pointer + '/'));
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface Reply<T> {
  body: T;
  etag: string | undefined; // as it stood in the header, quotes included: goes back as If-Match
}

interface Options {
  query?: Query | undefined;
  body?: unknown;
  ifMatch?: string | undefined;
  signal?: AbortSignal | undefined;
}

let signedOut: () => void = () => undefined;
/** Called whenever the server says that there is no session (any more). */
export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

/** "/api/v1" + path, each segment percent-encoded: path`/events/${id}/explain`. */
export function path(parts: TemplateStringsArray, ...values: (string | number)[]): string {
  return parts.reduce((out, part, index) => {
    const value = values[index];
    return out + part + (value === undefined ? '' : encodeURIComponent(String(value)));
  }, '');
}

export function queryText(query: Query | undefined): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  const text = params.toString();
  return text ? '?' + text : '';
}

function problemOf(status: number, text: string): Problem {
  try {
    const body = parseJson(text) as Record<string, unknown>;
    return new Problem(
      status,
      String(body['title'] ?? 'The server refused this'),
      String(body['detail'] ?? ''),
      body['hint'] === undefined ? undefined : String(body['hint']),
      (body['errors'] as FieldProblem[] | undefined) ?? [],
    );
  } catch {
    return new Problem(status, `The server answered ${status}`, text.slice(0, 500));
  }
}

async function call<T>(method: string, at: string, options: Options = {}): Promise<Reply<T>> {
  const headers: Record<string, string> = {};
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (options.ifMatch !== undefined) headers['If-Match'] = options.ifMatch;
  let response: Response;
  let text: string;
  try {
    response = await fetch('/api/v1' + at + queryText(options.query), {
      method,
      headers,
      body: options.body === undefined ? null : writeJson(options.body),
      signal: options.signal ?? null,
      credentials: 'same-origin',
      cache: 'no-store',
    });
    text = await response.text();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(0, 'The engine does not answer', 'It may be restarting, or the network is gone.', 'This page goes on by itself as soon as it answers.');
  }
  if (!response.ok) {
    const problem = problemOf(response.status, text);
    if (response.status === 401 && at !== '/session') signedOut();
    throw problem;
  }
  return { body: (text === '' ? undefined : parseJson(text)) as T, etag: response.headers.get('ETag') ?? undefined };
}

/** The counters in Prometheus' text format. */
async function metricsText(signal?: AbortSignal): Promise<string> {
  const response = await fetch('/api/v1/metrics', { credentials: 'same-origin', cache: 'no-store', signal: signal ?? null });
  const text = await response.text();
  if (!response.ok) throw problemOf(response.status, text);
  return text;
}

export const api = {
  metricsText,
  get: async <T>(at: string, query?: Query, signal?: AbortSignal): Promise<T> => (await call<T>('GET', at, { query, signal })).body,
  /** The same with its ETag, for what will be saved. */
  fetch: <T>(at: string, query?: Query, signal?: AbortSignal) => call<T>('GET', at, { query, signal }),
  post: async <T>(at: string, body: unknown = {}, signal?: AbortSignal): Promise<T> => (await call<T>('POST', at, { body, signal })).body,
  /** A change of what was seen in that revision; 412 when it is another one by now. */
  postIf: async <T>(at: string, ifMatch: string, body: unknown = {}): Promise<T> => (await call<T>('POST', at, { body, ifMatch })).body,
  postReply: <T>(at: string, body: unknown, ifMatch: string | undefined) => call<T>('POST', at, { body, ifMatch }),
  put: <T>(at: string, body: unknown, ifMatch: string | undefined) => call<T>('PUT', at, { body, ifMatch }),
  remove: (at: string, ifMatch?: string) => call<undefined>('DELETE', at, { ifMatch }),
};
