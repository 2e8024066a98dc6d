// How screens read: cached, shown at once when known, renewed behind. Keys are [resource, ...rest]; after a change,
// `useChanged` renews what depends on it.
import { keepPreviousData, QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { api, Problem, type Query } from './client';
import type { Page, RoleName, Session } from './types';

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1_000,
      retry: (count, error) => error instanceof Problem && (error.status === 0 || error.status === 503) && count < 3,
      retryDelay: 500,
      refetchOnWindowFocus: true,
    },
  },
});

interface ReadOptions {
  every?: number | undefined; // milliseconds between renewals while the page is looked at
  when?: boolean | undefined; // false: not now
}

/** One thing: useRead<Health>(['health'], '/health', {}, { every: 2000 }). */
export function useRead<T>(key: readonly unknown[], at: string, query: Query = {}, options: ReadOptions = {}) {
  return useQuery<T, Problem>({
    queryKey: [...key, query],
    queryFn: ({ signal }) => api.get<T>(at, query, signal),
    refetchInterval: options.every ?? false,
    enabled: options.when ?? true,
    placeholderData: keepPreviousData,
    ...(options.every ? { retry: false } : {}), // it is asked again soon anyway, and silence has to show
  });
}

/** One thing that will be saved, never from the cache: the data is { body, etag }. */
export function useDocument<T>(key: readonly unknown[], at: string, options: ReadOptions = {}) {
  return useQuery({
    queryKey: [...key, 'document'],
    queryFn: ({ signal }) => api.fetch<T>(at, {}, signal),
    enabled: options.when ?? true,
    staleTime: 0,
    gcTime: 0,
    refetchInterval: options.every ?? false,
    refetchOnWindowFocus: false,
  });
}

export interface List<T> {
  items: T[];
  total: number | undefined;
  error: Problem | null;
  loading: boolean; // nothing is there yet
  more: () => void; // asks for the next page, when there is one
  complete: boolean; // all pages are here
}

/** A listing, page after page. */
export function useList<T>(key: readonly unknown[], at: string, query: Query = {}, options: ReadOptions & { limit?: number } = {}): List<T> {
  const found = useInfiniteQuery({
    queryKey: [...key, 'list', query],
    queryFn: ({ pageParam, signal }) => api.get<Page<T>>(at, { limit: options.limit ?? 100, ...query, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: (state) => ((state.state.data?.pages.length ?? 0) <= 2 ? (options.every ?? false) : false),
    enabled: options.when ?? true,
    placeholderData: keepPreviousData,
  });
  const { data, fetchNextPage, hasNextPage, isFetchingNextPage } = found;
  const items = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return {
    items,
    total: data?.pages[0]?.total,
    error: found.error instanceof Problem ? found.error : null,
    loading: found.isPending && (options.when ?? true),
    more,
    complete: !hasNextPage,
  };
}

/** Renews everything whose key begins with one of these resources. */
export function useChanged(): (...resources: string[]) => Promise<void> {
  const client = useQueryClient();
  return useCallback(
    async (...resources: string[]) => {
      await Promise.all(resources.map((resource) => client.invalidateQueries({ queryKey: [resource] })));
    },
    [client],
  );
}

/** Something that changes: run(argument); afterwards what stands under `resources` is renewed. */
export function useAction<In, Out>(act: (input: In) => Promise<Out>, ...resources: string[]) {
  const changed = useChanged();
  return useMutation<Out, Problem, In>({ mutationFn: act, onSettled: () => changed(...resources) });
}

const ranks: RoleName[] = ['viewer', 'operator', 'author', 'admin'];
export function useSession(): Session | undefined {
  return useQuery<Session, Problem>({ queryKey: ['session'], queryFn: () => api.get<Session>('/session'), staleTime: Infinity, retry: false }).data;
}
/** Whether whoever is signed in may do what needs that role. */
export function useMay(role: RoleName): boolean {
  const session = useSession();
  return session !== undefined && ranks.indexOf(session.role) >= ranks.indexOf(role);
}
