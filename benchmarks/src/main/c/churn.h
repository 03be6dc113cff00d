/*
 * The peer of storage.churn: values kept in bare LMDB whole, or cut into pieces of a given size.
 *
 *   peer churn FOLDER OPERATIONS PIECE MAP LOG
 *
 * OPERATIONS is a file of pairs of big-endian u32: the number of a key, and the length of its new
 * value, 0 to delete it; key 0xffffffff ends a commit, 0xfffffffe ends the filling, which is not
 * measured. PIECE is 0 for whole values. Each commit also
 * adds what it wrote to a log, cut the same way, of which at most LOG bytes are kept. Every commit
 * waits for the disk. A commit that meets a full map is given up and counted.
 *
 * Prints: p50 and p99 of a commit in the first and the last tenth (ms), MB/s, bytes of live values
 * and log, bytes of the file, commits refused.
 *
 *   peer pages FOLDER
 *
 * Prints, for a live environment: pages that the next commit may use, pages it may not use yet
 * (freed by the newest commit), pages of the map, pages in use.
 */
#include <sys/stat.h>

enum { LONGEST = 1 << 20, LOG_KEY = 12, MOST_KEYS = 1 << 20 };
static const uint32_t END_OF_COMMIT = 0xffffffffu, END_OF_FILL = 0xfffffffeu;

static uint64_t big(const unsigned char *from, int bytes) {
  uint64_t number = 0;
  for (int i = 0; i < bytes; i++) {
    number = number << 8 | from[i];
  }
  return number;
}

static void to_big(unsigned char *to, uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; i--) {
    to[i] = (unsigned char)number;
    number >>= 8;
  }
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double quantile(const double *times, size_t from, size_t to, double share) {
  size_t count = to - from;
  double *sorted = malloc((count + 1) * sizeof *sorted);
  memcpy(sorted, times + from, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, by_size);
  double found = count == 0 ? 0 : sorted[(size_t)((double)(count - 1) * share)];
  free(sorted);
  return found * 1000;
}

/* Stores under (number, 0), (number, 1)... or under (number, 0) alone; returns LMDB's code. */
static int store(MDB_txn *txn, MDB_dbi dbi, uint64_t number, size_t length, size_t piece, char *bytes) {
  unsigned char key[LOG_KEY];
  size_t part = piece == 0 ? length : piece;
  for (size_t at = 0, index = 0; at < length; at += part, index++) {
    to_big(key, number, 8);
    to_big(key + 8, index, 4);
    MDB_val k = {LOG_KEY, key}, v = {length - at < part ? length - at : part, bytes + at};
    int code = mdb_put(txn, dbi, &k, &v, 0);
    if (code != MDB_SUCCESS) {
      return code;
    }
  }
  return MDB_SUCCESS;
}

static int take_away(MDB_txn *txn, MDB_dbi dbi, uint64_t number, size_t length, size_t piece) {
  unsigned char key[LOG_KEY];
  size_t part = piece == 0 ? length : piece;
  for (size_t at = 0, index = 0; at < length; at += part, index++) {
    to_big(key, number, 8);
    to_big(key + 8, index, 4);
    MDB_val k = {LOG_KEY, key};
    int code = mdb_del(txn, dbi, &k, NULL);
    if (code != MDB_SUCCESS) {
      return code;
    }
  }
  return MDB_SUCCESS;
}

struct kept {
  uint64_t number;
  size_t length;
};

static int churn(const char *folder, const char *operations, size_t piece, size_t map, size_t most_log) {
  MDB_env *env;
  check(mdb_env_create(&env), "create");
  check(mdb_env_set_mapsize(env, map), "map size");
  check(mdb_env_set_maxdbs(env, 3), "databases");
  check(mdb_env_open(env, folder, MDB_NOTLS | MDB_NORDAHEAD, 0600), folder);
  FILE *in = fopen(operations, "rb");
  struct stat about;
  if (in == NULL || fstat(fileno(in), &about) != 0) {
    perror(operations);
    return 1;
  }
  size_t most = (size_t)about.st_size / 8;
  unsigned char *script = malloc((size_t)about.st_size + 1);
  if (fread(script, 8, most, in) != most) {
    perror(operations);
    return 1;
  }
  fclose(in);

  struct kept *live = calloc(MOST_KEYS, sizeof *live), *undo = calloc(most + 1, sizeof *undo);
  uint32_t *undo_key = calloc(most + 1, sizeof *undo_key);
  struct kept *log = calloc(most + 1, sizeof *log);
  double *times = calloc(most + 1, sizeof *times);
  char *bytes = malloc(64 * (size_t)LONGEST);
  for (size_t i = 0; i < 64 * (size_t)LONGEST; i += 8) {
    uint64_t random = next_random();
    memcpy(bytes + i, &random, 8);
  }
  size_t commits = 0, refused = 0, log_from = 0, log_to = 0, log_bytes = 0, live_bytes = 0;
  uint64_t number = 0, written = 0;
  double began = seconds();
  for (size_t at = 0; at < most;) {
    if (big(script + 8 * at, 4) == END_OF_FILL) {
      at++;
      commits = written = 0;
      began = seconds();
      continue;
    }
    MDB_txn *txn;
    MDB_dbi data, log_dbi;
    size_t from = log_from, undone = 0, wrote = 0, live_before = live_bytes, log_before = log_bytes;
    double start = seconds();
    check(mdb_txn_begin(env, NULL, 0, &txn), "begin");
    check(mdb_dbi_open(txn, "data", MDB_CREATE, &data), "data");
    check(mdb_dbi_open(txn, "log", MDB_CREATE, &log_dbi), "log");
    int code = MDB_SUCCESS;
    for (; at < most && big(script + 8 * at, 4) != END_OF_COMMIT; at++) {
      uint32_t key = (uint32_t)big(script + 8 * at, 4);
      size_t length = (size_t)big(script + 8 * at + 4, 4);
      if (code != MDB_SUCCESS) {
        continue;
      }
      undo_key[undone] = key;
      undo[undone++] = live[key];
      if (live[key].length > 0) {
        code = take_away(txn, data, live[key].number, live[key].length, piece);
        live_bytes -= live[key].length;
        live[key].length = 0;
      }
      if (code == MDB_SUCCESS && length > 0) {
        live[key].number = ++number;
        live[key].length = length;
        code = store(txn, data, number, length, piece, bytes + below(LONGEST));
        live_bytes += length;
      }
      wrote += length;
    }
    at++;
    if (code == MDB_SUCCESS && wrote > 0) {
      log[log_to].number = ++number;
      log[log_to].length = wrote;
      code = store(txn, log_dbi, number, wrote, piece, bytes);
      log_bytes += wrote;
    }
    while (code == MDB_SUCCESS && log_bytes > most_log && from < log_to) {
      code = take_away(txn, log_dbi, log[from].number, log[from].length, piece);
      log_bytes -= log[from++].length;
    }
    if (code == MDB_SUCCESS) {
      code = mdb_txn_commit(txn);
    } else {
      mdb_txn_abort(txn);
    }
    if (code == MDB_MAP_FULL) {
      refused++;
      while (undone > 0) {
        undone--;
        live[undo_key[undone]] = undo[undone];
      }
      live_bytes = live_before;
      log_bytes = log_before;
      continue;
    }
    check(code, "write");
    log_from = from;
    log_to += wrote > 0;
    written += wrote;
    times[commits++] = seconds() - start;
  }
  double took = seconds() - began;
  mdb_env_close(env);
  char file[4096];
  snprintf(file, sizeof file, "%s/data.mdb", folder);
  check(stat(file, &about), file);
  size_t tenth = commits / 10;
  printf("%.3f %.3f %.3f %.3f %.1f %zu %lld %zu\n", quantile(times, 0, tenth, 0.5),
         quantile(times, 0, tenth, 0.99), quantile(times, commits - tenth, commits, 0.5),
         quantile(times, commits - tenth, commits, 0.99), (double)written / took / 1e6,
         live_bytes + log_bytes, (long long)about.st_size, refused);
  return 0;
}

static int pages(const char *folder) {
  MDB_env *env;
  MDB_txn *txn;
  MDB_cursor *cursor;
  MDB_envinfo info;
  MDB_stat stat;
  check(mdb_env_create(&env), "create");
  check(mdb_env_open(env, folder, MDB_NOTLS | MDB_RDONLY, 0600), folder);
  check(mdb_env_info(env, &info), "info");
  check(mdb_env_stat(env, &stat), "stat");
  check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin");
  check(mdb_cursor_open(txn, 0, &cursor), "free list");
  size_t newest = mdb_txn_id(txn), now = 0, later = 0;
  MDB_val k, v;
  while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == MDB_SUCCESS) {
    size_t freed_by, count;
    memcpy(&freed_by, k.mv_data, sizeof freed_by);
    memcpy(&count, v.mv_data, sizeof count);
    *(freed_by < newest ? &now : &later) += count;
  }
  size_t in_map = info.me_mapsize / stat.ms_psize, beyond = in_map - (info.me_last_pgno + 1);
  printf("%zu %zu %zu %zu\n", now + beyond, later, in_map, info.me_last_pgno + 1 - now - later);
  mdb_cursor_close(cursor);
  mdb_txn_abort(txn);
  mdb_env_close(env);
  return 0;
}
