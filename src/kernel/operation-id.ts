/** Whether a value can be the ID of an operation: 128 random bits as 22 characters. */
export const isOperationID = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9_-]{22}$/.test(value)
