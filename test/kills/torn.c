/*
 * Preloaded into Chromium, this kills the browser between the header and the payload of the n-th
 * record that LevelDB appends to a log of IndexedDB. n is in TORN_RECORD.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* LevelDB writes this many bytes before each payload. */
#define HEADER_BYTES 7

static int is_log(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 4) return 0;
  path[length] = 0;
  return strstr(path, "/IndexedDB/") != NULL && strcmp(path + length - 4, ".log") == 0;
}

ssize_t write(int fd, const void *bytes, size_t count) {
  static ssize_t (*real_write)(int, const void *, size_t);
  static long records;
  if (!real_write) real_write = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  ssize_t written = real_write(fd, bytes, count);
  const char *record = getenv("TORN_RECORD");
  if (record && count == HEADER_BYTES && written == HEADER_BYTES && is_log(fd)) {
    if (++records == atol(record)) kill(getpid(), SIGKILL);
  }
  return written;
}
