/** The only globals of a mini-program beside those of the language. */

declare function setTimeout(callback: () => void, delayMs?: number): number
declare function clearTimeout(timer: number | undefined): void
