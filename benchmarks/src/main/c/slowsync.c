/* Preloaded into a process: each fsync and fdatasync takes SLOWSYNC_MS milliseconds longer while the file SLOWSYNC_FILE
   is there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void delay(void) {
  const char *file = getenv("SLOWSYNC_FILE"), *said = getenv("SLOWSYNC_MS");
  if (!file || access(file, F_OK)) return;
  long ms = said ? atol(said) : 0;
  struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};
  nanosleep(&pause, NULL);
}

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  delay();
  return real(fd);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  delay();
  return real(fd);
}
