/** Raise it with each change of a message that older builds cannot read. */
export const protocolVersion = 5
