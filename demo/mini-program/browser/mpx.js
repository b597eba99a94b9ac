/** `wx` of Mpx. The entry of that package needs a UI library, for calls that no store uses. */

export * from '@mpxjs/api-proxy/src/platform/api/storage'
export * from '@mpxjs/api-proxy/src/platform/api/socket'
export * from '@mpxjs/api-proxy/src/platform/api/request'
export * from '@mpxjs/api-proxy/src/platform/api/app'
export * from '@mpxjs/api-proxy/src/platform/api/device/network'
