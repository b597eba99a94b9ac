/** Counts the bytes that a worker posts, as JSON. Every contender's worker imports it first. */

const scope = globalThis as unknown as {
  postMessage(message: unknown, transfer?: Transferable[]): void
}
const post = scope.postMessage.bind(scope)
const postToPort = MessagePort.prototype.postMessage
let isCounting = false
let bytes = 0

function count(message: unknown): void {
  if (isCounting) bytes += (typeof message === 'string' ? message : JSON.stringify(message)).length
}

scope.postMessage = (message, transfer = []) => {
  count(message)
  post(message, transfer)
}
MessagePort.prototype.postMessage = function (
  this: MessagePort,
  message: unknown,
  options?: unknown
) {
  count(message)
  postToPort.call(this, message, options as StructuredSerializeOptions)
}

addEventListener('message', ({ data }: MessageEvent<{ count?: boolean }>) => {
  if (data.count === undefined) return
  isCounting = data.count
  if (!isCounting) post({ counted: bytes })
  bytes = 0
})
