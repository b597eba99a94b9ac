/** The README's table of browser features, compared with this browser. */

import { expect, test } from 'vitest'
import { server } from 'vitest/browser'
import readme from '../../README.md?raw'

/** Features by their name in the table. */
const features: Readonly<Record<string, () => boolean | Promise<boolean>>> = {
  'Web Locks (secure pages)': () => 'locks' in navigator,
  BroadcastChannel: () => 'BroadcastChannel' in window,
  'workers that are modules': startsModuleWorker,
  'IndexedDB with strict durability': commitsStrictly,
  'files with synchronous access in workers': opensFiles,
  'Cache API (secure pages)': () =>
    caches.open('probe').then(
      () => true,
      () => false
    ),
  'estimate of storage': () => 'storage' in navigator && 'estimate' in navigator.storage,
  'request to keep storage': () => 'storage' in navigator && 'persist' in navigator.storage,
  'Chinese names sorted by sound': () =>
    new Intl.Collator('zh-u-co-pinyin').compare('阿', '波') < 0 &&
    new Intl.Collator('zh-u-co-pinyin').compare('波', '次') < 0 &&
    new Intl.Collator('zh-u-co-pinyin').compare('张', '赵') < 0,
  'events when a page is frozen': () => 'onfreeze' in document,
  'report of a database that was reset': () => 'dataLoss' in IDBVersionChangeEvent.prototype
}

const rows = readme
  .slice(readme.indexOf('## Browsers'))
  .split('\n')
  .filter(line => line.startsWith('| '))
  .map(line => line.split('|').map(cell => cell.trim()))
const [heading = []] = rows
const column = heading.findIndex(cell => cell.toLowerCase().startsWith(server.browser))

test.each(Object.keys(features))('the README is right about: %s', async name => {
  const row = rows.find(([, feature]) => feature === name)
  expect(row?.[column]).toBe((await features[name]?.()) ? 'yes' : 'no')
})

test('the README names every tested feature and no other', () => {
  expect(rows.slice(1).map(([, feature]) => feature)).toEqual(Object.keys(features))
})

const inWorker = (source: string, type: WorkerType) =>
  new Promise<boolean>(resolve => {
    const worker = new Worker(
      URL.createObjectURL(new Blob([source], { type: 'text/javascript' })),
      { type }
    )
    const end = (result: boolean) => {
      worker.terminate()
      resolve(result)
    }
    worker.onmessage = ({ data }: MessageEvent<boolean>) => end(data)
    worker.onerror = () => end(false)
  })

function startsModuleWorker(): Promise<boolean> {
  return inWorker('export {}; postMessage(true)', 'module')
}

function opensFiles(): Promise<boolean> {
  return inWorker(
    `const probe = async () => {
      const folder = await navigator.storage.getDirectory()
      const file = await folder.getFileHandle('probe', { create: true })
      const access = await file.createSyncAccessHandle()
      access.close()
    }
    probe().then(() => postMessage(true), () => postMessage(false))`,
    'module'
  )
}

async function commitsStrictly(): Promise<boolean> {
  const request = indexedDB.open(`probe ${Math.random()}`)
  request.onupgradeneeded = () => request.result.createObjectStore('probe')
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('not opened'))
  })
  const { durability } = database.transaction('probe', 'readwrite', { durability: 'strict' })
  database.close()
  indexedDB.deleteDatabase(database.name)
  return durability === 'strict'
}
