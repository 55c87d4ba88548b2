/**
 * Where a device keeps what it must not forget, given by the app: a file, IndexedDB, a table. `set` resolves once the
 * value will survive a crash, and leaves the old or the new value, never half of one.
 */
export interface Storage {
  get(key: string): Promise<string | null | undefined>
  set(key: string, value: string): Promise<void>
}

/** For tests: forgets when the process ends. */
export function memoryStorage(kept: Map<string, string> = new Map()): Storage {
  return {
    get: async (key) => kept.get(key),
    set: async (key, value) => {
      kept.set(key, value)
    },
  }
}

interface WebStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

/** `localStorage`: some 5 MB, enough for several thousand episodes. Give more listening an IndexedDB. */
export const webStorage = (storage: WebStorage): Storage => ({
  get: async (key) => storage.getItem(key),
  set: async (key, value) => storage.setItem(key, value),
})
