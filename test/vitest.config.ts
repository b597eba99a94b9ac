import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/{kernel,storage,engine,client,tim,server,types}/**/*.test.ts'],
          environment: 'node'
        }
      }
    ]
  }
})
