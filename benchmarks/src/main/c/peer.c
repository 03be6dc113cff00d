/*
 * The peer of the storage bars: the bare pairs in bare LMDB, from C.
 *
 *   peer get    FOLDER PAIRS SECONDS     random look-ups, the transaction renewed for each
 *   peer put    FOLDER PAIRS BATCH SYNC  PAIRS pairs with keys in random order, BATCH a transaction
 *   peer append FOLDER PAIRS BATCH SYNC  the same with sorted keys and MDB_APPEND
 *   peer churn  FOLDER OPERATIONS PIECE MAP LOG   overwrites and deletes, see churn.h
 *   peer pages  FOLDER                            pages of a live environment, see churn.h
 *
 * Keys have 29 bytes, values 100. Prints one number: operations per second. get fills the folder
 * first if it is empty. SYNC 1 waits for the disk at each commit, 2 once, at the end, for all of
 * them; both inside the time that is measured.
 */
#include <lmdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY = 29, VALUE = 100 };

static void check(int code, const char *what) {
  if (code != MDB_SUCCESS) {
    fprintf(stderr, "peer: %s: %s\n", what, mdb_strerror(code));
    exit(1);
  }
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* xorshift64*, the same as in the Java side */
static uint64_t state = 88172645463325252ULL;

static uint64_t next_random(void) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 2685821657736338717ULL;
}

static uint64_t below(uint64_t bound) { return (next_random() >> 1) % bound; }

/* "key " and 25 digits, of which ten can be other than 0 */
static void make_key(char *key, uint64_t number) {
  uint32_t rest = (uint32_t)number;
  memcpy(key, "key ", 4);
  memset(key + 4, '0', KEY - 14);
  for (int i = KEY - 1; i >= KEY - 10; i--) {
    key[i] = (char)('0' + rest % 10);
    rest /= 10;
  }
}

static MDB_env *environment(const char *folder, int each) {
  MDB_env *env;
  check(mdb_env_create(&env), "create");
  check(mdb_env_set_mapsize(env, (size_t)64 << 30), "map size");
  check(mdb_env_open(env, folder, MDB_NOTLS | MDB_NORDAHEAD | (each ? 0 : MDB_NOSYNC), 0600), folder);
  return env;
}

static double put(MDB_env *env, uint64_t pairs, uint64_t batch, int sorted, int at_end) {
  char key[KEY], value[VALUE];
  memset(value, 'v', sizeof value);
  MDB_dbi dbi;
  MDB_txn *txn;
  double began = seconds();
  for (uint64_t i = 0; i < pairs;) {
    check(mdb_txn_begin(env, NULL, 0, &txn), "begin");
    check(mdb_dbi_open(txn, NULL, 0, &dbi), "open");
    for (uint64_t j = 0; j < batch && i < pairs; j++, i++) {
      make_key(key, sorted ? i : below(pairs));
      memcpy(value, &i, sizeof i);
      MDB_val k = {KEY, key}, v = {VALUE, value};
      check(mdb_put(txn, dbi, &k, &v, sorted ? MDB_APPEND : 0), "put");
    }
    check(mdb_txn_commit(txn), "commit");
  }
  if (at_end) {
    check(mdb_env_sync(env, 1), "sync");
  }
  return (double)pairs / (seconds() - began);
}

static double get(MDB_env *env, uint64_t pairs, double duration) {
  MDB_txn *txn;
  MDB_dbi dbi;
  MDB_stat stat;
  check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin");
  check(mdb_dbi_open(txn, NULL, 0, &dbi), "open");
  check(mdb_stat(txn, dbi, &stat), "stat");
  if (stat.ms_entries == 0) {
    mdb_txn_abort(txn);
    put(env, pairs, 100000, 1, 0);
    return get(env, pairs, duration);
  }
  char key[KEY], value[VALUE];
  uint64_t sum = 0, done = 0;
  double began = seconds(), now = began;
  while (now - began < duration) {
    for (int i = 0; i < 1000; i++, done++) {
      make_key(key, below(pairs));
      MDB_val k = {KEY, key}, v;
      mdb_txn_reset(txn);
      check(mdb_txn_renew(txn), "renew");
      check(mdb_get(txn, dbi, &k, &v), "get");
      memcpy(value, v.mv_data, VALUE);
      sum += (uint64_t)value[0];
    }
    now = seconds();
  }
  if (sum == 0) {
    return 0;
  }
  return (double)done / (now - began);
}

#include "churn.h"

int main(int count, char **arguments) {
  if (count == 3 && strcmp(arguments[1], "pages") == 0) {
    return pages(arguments[2]);
  }
  if (count == 7 && strcmp(arguments[1], "churn") == 0) {
    return churn(arguments[2], arguments[3], strtoull(arguments[4], NULL, 10),
                 strtoull(arguments[5], NULL, 10), strtoull(arguments[6], NULL, 10));
  }
  if (count < 5) {
    fprintf(stderr, "peer: get FOLDER PAIRS SECONDS | put|append FOLDER PAIRS BATCH SYNC |\n      churn FOLDER OPERATIONS PIECE MAP LOG | pages FOLDER\n");
    return 2;
  }
  uint64_t pairs = strtoull(arguments[3], NULL, 10);
  uint64_t last = strtoull(arguments[4], NULL, 10);
  int sync = count > 5 ? arguments[5][0] - '0' : 0;
  MDB_env *env = environment(arguments[2], sync == 1);
  double rate;
  if (strcmp(arguments[1], "get") == 0) {
    rate = get(env, pairs, (double)last);
  } else {
    rate = put(env, pairs, last, strcmp(arguments[1], "append") == 0, sync == 2);
  }
  mdb_env_close(env);
  printf("%.0f\n", rate);
  return 0;
}
