export { createTestClock, type TestClock } from './clock.ts'
export { createTestNetwork, type Serve, type Served, type TestNetwork } from './network.ts'
export { storageContract, type ContractRunner } from './storage-contract.ts'
