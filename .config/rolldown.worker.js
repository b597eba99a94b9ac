/** The workers as they ship: one file each, nothing left to resolve. */

import { defineConfig } from 'rolldown'
import { minify } from 'terser'

/** @param {string} transport @param {string} file */
const worker = (transport, file) =>
  defineConfig({
    input: `worker/${transport}.ts`,
    platform: 'browser',
    // Dexie's default entry wraps a build for older engines than any that runs module workers.
    treeshake: { propertyReadSideEffects: false, unknownGlobalSideEffects: false },
    resolve: { alias: { dexie: 'dexie/dist/modern/dexie.min.mjs' } },
    plugins: [
      {
        name: 'terser',
        // After the bundler's own minifier: the two find different things.
        async generateBundle(_, files) {
          await Promise.all(Object.values(files).map(shrink))
        }
      }
    ],
    output: { file: `dist/src/${file}`, format: 'esm', minify: true, comments: { annotation: false, jsdoc: false } },
    logLevel: 'warn'
  })

/** Properties that Dexie keeps to itself; two of them it has as texts as well. */
const dexiesOwn = `
  numFailures dbOpenError isBeingOpened onReadyBeingFired optimisticOps primKey disableAutoOpen idbtrans extractKey
  lastResult openComplete chromeTransactionDurability PR1398_maxLoop dbReadyPromise dbReadyResolve toCollection idbdb
  openCanceller extendObservabilitySet isAdditionalChunk ignoreTransaction currentTransaction rejectionMapper
  hasIdb3Features getDatabaseNames unsignaledParts modifyChunkSize disableBfCache inAnyRange getObjectDiff failuresByPos
  PromiseProp wantResults successCount shallowClone setByKeyPath mappedClass letThrough getByKeyPath delByKeyPath
  defineClass bulkUpdate allowEmptyDB addEventType totalEchoes mapToClass keyTail justLimit isVirtual isPrimKey bulkDelete
  ModifyError readHook liveQuery hasGetAll failedKeys outbound echoes onunhandled obsSet updatesTable primaryKeys storeNames
  WhereClause subscribers deepClone bulkPut bulkAdd yProps vcFired querier requery errnames usePSD newPSD derive eachKey
  upsert semVer maxConnections autoOpen addKey isMatch onFulfilled onRejected keyLength dbschema firstKey allKeys failures
  Collection indexes dependencies recreate explicit subscr awaits hasKey addons equals modify toArray isView updates
  updating deleting creating finalize follow between MAX_KEY MIN_KEY maxKey minKey override execute criteria hasValue
  bulkGet waitFor isPrimaryKey transless idxByName replayFilter keysOnly storesSource autoSchema contentUpgrade valueMapper
  getIndexByKeyPath lowLevelIndex addKeys mutate cancelOpen unhandleds lockOwnerFor includeLowers includeUppers
  replacePrefix changeSpec changeSpecs
`
/** Names that never leave the engine: what is stored or sent must not be among them. */
const enginesOwn = `
  predictedMembers settleReached outboxBytes onRetracted memberNeeds isRecoverable visibleMember uncommitted hidesBase
  stepDown forgetMembers discardAll refreshGroup fetchMembers onDamaged tellPeers isRetained isLoaded onWindow verdictOf
  onQueued onMissed onStatus isOnline hasLane retract isVisible isApplication newID setTimer rowCount overlay absorb
  announce rebase unsent refill onWake welcomed isAwaited isMine isClosing undecidedOffline overwrites beneath hides queries
  prepared replaced lanes isGap actor decide retain loadAll needs groupCount isOpen isFirst tryNow renewed isTable isFlat onLost
  adding callers
`
const innerNames = new RegExp(`^(_[a-z].*|${[dexiesOwn, enginesOwn].join(' ').trim().split(/\s+/).join('|')})$`, 'i')

export default [worker('websocket', 'worker.js'), worker('http', 'worker-http.js')]

/** @param {import('rolldown').OutputChunk | import('rolldown').OutputAsset} chunk */
async function shrink(chunk) {
  if (chunk.type !== 'chunk') return
  const { code } = await minify(chunk.code, {
    module: true,
    ecma: 2020,
    compress: {
      passes: 6,
      // Dexie warns of nothing that the engine is not told as well.
      drop_console: true,
      pure_getters: true,
      // Constants on the left read badly, to a compressor as well.
      lhs_constants: false,
      unsafe_comps: true,
      keep_fargs: false,
      unsafe: true,
      unsafe_arrows: true,
      unsafe_methods: true
    },
    mangle: { properties: { regex: innerNames, reserved: ['_createTransaction', '_vip'] } }
  })
  chunk.code = String(code)
}
