/*
 * The peer of storage.read-under-write: how long a get takes in bare LMDB while others commit.
 *
 *   latency FOLDER WRITERS SECONDS
 *
 * One thread gets 20 keys of 2 bytes with values of 2 bytes at random, the transaction renewed for
 * each get. WRITERS threads take turns at committing one value of 40,000 bytes each, durably, as
 * fast as they can. Prints: gets, p50, p99, p99.9 and the longest in ns, commits.
 */
#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEYS = 20, LARGE = 40000, LARGE_KEYS = 1000, SUB_BITS = 7, SUB = 1 << SUB_BITS };

static MDB_env *env;
static MDB_dbi dbi;
static atomic_int stopping;
static atomic_ulong commits;

static void check(int code, const char *what) {
  if (code != MDB_SUCCESS) {
    fprintf(stderr, "latency: %s: %s\n", what, mdb_strerror(code));
    exit(1);
  }
}

static uint64_t nanos(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static uint64_t next_random(uint64_t *state) { /* xorshift64* */
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * 2685821657736338717ULL;
}

static void put(MDB_txn *txn, char *key, size_t key_length, char *value, size_t length) {
  MDB_val k = {key_length, key}, v = {length, value};
  check(mdb_put(txn, dbi, &k, &v, 0), "put");
}

static void *write_values(void *seed) {
  uint64_t state = (uint64_t)(uintptr_t)seed * 0x9E3779B97F4A7C15ULL;
  char value[LARGE], key[8];
  for (size_t i = 0; i < sizeof value; i++) {
    value[i] = (char)next_random(&state);
  }
  while (!stopping) {
    MDB_txn *txn;
    uint64_t random = next_random(&state) >> 1;
    memcpy(value, &random, sizeof random);
    int length = snprintf(key, sizeof key, "w%d", (int)(random % LARGE_KEYS));
    check(mdb_txn_begin(env, NULL, 0, &txn), "begin to write");
    put(txn, key, (size_t)length, value, sizeof value);
    check(mdb_txn_commit(txn), "commit");
    commits++;
  }
  return NULL;
}

/* 128 buckets for each power of two: within 0.8 % */
static uint64_t counts[64 * SUB];

static size_t bucket(uint64_t value) {
  if (value < SUB) {
    return (size_t)value;
  }
  int shift = 63 - __builtin_clzll(value) - SUB_BITS;
  return (size_t)(shift + 1) * SUB + (size_t)((value >> shift) - SUB);
}

static uint64_t highest(size_t index) {
  if (index < SUB) {
    return index;
  }
  uint64_t shift = index / SUB - 1;
  return ((index % SUB + SUB + 1) << shift) - 1;
}

static uint64_t percentile(uint64_t total, double share) {
  uint64_t wanted = (uint64_t)((double)total * share), seen = 0;
  size_t i = 0;
  while ((seen += counts[i]) < wanted) {
    i++;
  }
  return highest(i);
}

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "latency FOLDER WRITERS SECONDS\n");
    return 2;
  }
  int writers = atoi(arguments[2]);
  uint64_t duration = strtoull(arguments[3], NULL, 10) * 1000000000U;
  check(mdb_env_create(&env), "create");
  check(mdb_env_set_mapsize(env, (size_t)64 << 30), "map size");
  check(mdb_env_open(env, arguments[1], MDB_NOTLS | MDB_NORDAHEAD, 0600), arguments[1]);
  MDB_txn *txn;
  check(mdb_txn_begin(env, NULL, 0, &txn), "begin to fill");
  check(mdb_dbi_open(txn, NULL, 0, &dbi), "open");
  char key[KEYS][3];
  for (int i = 0; i < KEYS; i++) {
    snprintf(key[i], sizeof key[i], "%02d", i);
    put(txn, key[i], 2, key[i], 2);
  }
  check(mdb_txn_commit(txn), "commit");

  pthread_t threads[16];
  for (int i = 0; i < writers && i < 16; i++) {
    check(pthread_create(&threads[i], NULL, write_values, (void *)(uintptr_t)(i + 1)), "thread");
  }
  check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin to read");
  uint64_t state = 88172645463325252ULL, gets = 0, longest = 0, began = nanos(), now = began;
  char value[2];
  while (now - began < duration) {
    char *wanted = key[(next_random(&state) >> 1) % KEYS];
    uint64_t before = nanos();
    MDB_val k = {2, wanted}, v;
    mdb_txn_reset(txn);
    check(mdb_txn_renew(txn), "renew");
    check(mdb_get(txn, dbi, &k, &v), "get");
    memcpy(value, v.mv_data, sizeof value);
    now = nanos();
    if (value[0] != wanted[0] || value[1] != wanted[1]) {
      fprintf(stderr, "latency: a wrong value\n");
      return 1;
    }
    uint64_t took = now - before;
    counts[bucket(took)]++;
    gets++;
    if (took > longest) {
      longest = took;
    }
  }
  uint64_t committed = commits;
  mdb_txn_abort(txn);
  stopping = 1;
  for (int i = 0; i < writers && i < 16; i++) {
    pthread_join(threads[i], NULL);
  }
  mdb_env_close(env);
  printf("%lu %lu %lu %lu %lu %lu\n", (unsigned long)gets, (unsigned long)percentile(gets, 0.5),
         (unsigned long)percentile(gets, 0.99), (unsigned long)percentile(gets, 0.999),
         (unsigned long)longest, (unsigned long)committed);
  return 0;
}
