/** Counts what a worker posts, as JSON: begins and ends when told to. Goes into every contender's worker, first of all. */

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
