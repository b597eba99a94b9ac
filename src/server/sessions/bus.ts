/** Publishes announcements to sessions. A session that misses one reads the database instead. */

import type { Announcement } from '../authority/announcement.ts'

export type Bus = {
  publish(announcement: Announcement): void
  /** Calls the listener for each announcement of a topic until the returned function is called. */
  subscribe(topic: string, listener: Listener): () => void
}
type Listener = (announcement: Announcement) => void

export const groupTopic = (groupID: string) => `g:${groupID}`
export const userTopic = (userID: string) => `u:${userID}`

export function createBus(): Bus {
  const listeners = new Map<string, Set<Listener>>()
  return {
    publish(announcement) {
      const topics = [
        groupTopic(announcement.groupID),
        ...[...announcement.feeds.keys()].map(userTopic)
      ]
      // A listener subscribed to both the group and the user is called once.
      for (const listener of new Set(topics.flatMap(topic => [...(listeners.get(topic) ?? [])])))
        listener(announcement)
    },
    subscribe(topic, listener) {
      const ofTopic = listeners.get(topic) ?? new Set()
      listeners.set(topic, ofTopic.add(listener))
      return () => {
        ofTopic.delete(listener)
        if (ofTopic.size === 0 && listeners.get(topic) === ofTopic) listeners.delete(topic)
      }
    }
  }
}
