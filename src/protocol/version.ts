/**
 * The version of the messages, in `hello` and `welcome`. A server refuses another one with 4508.
 *
 * Raise it with each change of a message that older builds cannot read.
 *
 * @example
 * const hello = { type: 'hello', protocol: protocolVersion, kernel: 1, epoch: '', feed: 0, groups: [], pending: [] }
 */
export const protocolVersion = 7
