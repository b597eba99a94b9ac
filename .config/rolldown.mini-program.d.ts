import type { RolldownOptions } from 'rolldown'

declare const configs: readonly RolldownOptions[]
export default configs
