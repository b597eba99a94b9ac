/** Messages between a document and the driver, over the driver's socket. */

/** A document sends its arrival, the result of a call, an uncaught error, or a note of the test. */
export type FromPage =
  | {
      readonly type: 'hello'
      /** Empty if no document of this window has been welcomed before. */
      readonly pageID: string
      /** The same for each socket of one document. */
      readonly documentID: string
      /** The address at its load. */
      readonly url: string
    }
  | {
      readonly type: 'result'
      readonly id: number
      readonly value?: unknown
      readonly error?: string
    }
  | { readonly type: 'complaint'; readonly text: string }
  | { readonly type: 'note'; readonly text: string }

export type Hello = FromPage & { readonly type: 'hello' }

export type ToPage =
  | { readonly type: 'welcome'; readonly pageID: string }
  | {
      readonly type: 'run'
      readonly id: number
      readonly module: string
      readonly args: readonly unknown[]
    }
