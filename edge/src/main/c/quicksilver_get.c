// Reads a database of a Quicksilver node on this machine: take all but main() into your service. What is read here, and
// the rules for it, are in docs/layout.md.   cc -std=c11 -O2 -o quicksilver_get quicksilver_get.c -llmdb
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lmdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOUND, NOT_FOUND, FAILED };  // what quicksilver_get() returns, and the program's exit codes
enum { HEADER = 21, CHUNKED = 1, PIECE = 4080, MAX_KEY = 511, MAX_VALUE = 64 << 20 };

// One open database, for one thread at a time; open each database once in a process. Begin with the first two set and
// the rest zero; value and length are the last FOUND value's, until the next call; error says why a call has FAILED.
typedef struct {
  const char *data_directory, *database;
  unsigned char *value;
  size_t length;
  char error[512];
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi data, chunks;
  struct stat file;
} quicksilver;

static int failed(quicksilver *q, const char *what, const char *why) {
  snprintf(q->error, sizeof q->error, "database \"%s\" of %s %s%s", q->database, q->data_directory, what, why);
  return FAILED;
}

static uint64_t big_endian(const unsigned char *from, int bytes) {
  uint64_t value = 0;
  while (bytes-- > 0) value = value << 8 | *from++;
  return value;
}

// CRC-32C goes on from `crc`, 0 at first. Processors have an instruction for it; this is the short way.
static uint32_t crc32c(uint32_t crc, const unsigned char *bytes, size_t length) {
  for (crc = ~crc; length-- > 0;) {
    crc ^= *bytes++;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0x82F63B78 & -(crc & 1));
  }
  return ~crc;
}

static void quicksilver_close(quicksilver *q) {
  if (q->txn) mdb_txn_abort(q->txn);
  if (q->env) mdb_env_close(q->env);
  q->txn = NULL, q->env = NULL;
}

// Whether the node runs, and in another PID namespace than this process: LMDB tells readers apart by process ids.
static int is_apart(quicksilver *q) {
  char path[PATH_MAX], of[64] = "", own[64] = "";
  struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
  snprintf(path, sizeof path, "%s/run/pid-namespace", q->data_directory);
  FILE *file = fopen(path, "r");
  if (file) of[fread(of, 1, sizeof of - 1, file)] = 0, fclose(file);
  of[strcspn(of, "\n")] = 0;
  if (!*of || readlink("/proc/self/ns/pid", own, sizeof own - 1) < 0 || !strcmp(of, own)) return 0;
  snprintf(path, sizeof path, "%s/run/pid-namespace.lock", q->data_directory);
  int locked = open(path, O_RDONLY);
  int runs = locked >= 0 && !fcntl(locked, F_GETLK, &lock) && lock.l_type != F_UNLCK;
  if (locked >= 0) close(locked);
  return runs;
}

// Opens a generation and leaves a transaction at its newest commit; returns an LMDB or system error code.
static int open_generation(quicksilver *q, const char *folder) {
  MDB_val name = {6, "format"}, format = {0, NULL};
  MDB_dbi meta;
  int code = mdb_env_create(&q->env);
  if (!code) code = mdb_env_set_maxdbs(q->env, 4);  // no map size: LMDB takes the node's from the file
  if (!code) code = mdb_env_open(q->env, folder, MDB_RDONLY | MDB_NOTLS | MDB_NORDAHEAD, 0);
  if (!code) code = mdb_txn_begin(q->env, NULL, MDB_RDONLY, &q->txn);
  if (!code) code = mdb_dbi_open(q->txn, "meta", 0, &meta);
  if (!code) code = mdb_dbi_open(q->txn, "data", 0, &q->data);
  if (!code) code = mdb_dbi_open(q->txn, "chunks", 0, &q->chunks);
  if (!code) code = mdb_get(q->txn, meta, &name, &format);
  if (!code && (format.mv_size != 13 || memcmp(format.mv_data, "QUICKSILVER\0\1", 13))) code = MDB_VERSION_MISMATCH;
  if (code) return code;
  code = mdb_txn_commit(q->txn);  // keeps the handles open, which an abort or a reset would close
  q->txn = NULL;
  return code ? code : mdb_txn_begin(q->env, NULL, MDB_RDONLY, &q->txn);
}

// Moves to the newest commit of the generation in use, which is opened if it is another one than before.
static int renew(quicksilver *q) {
  char path[PATH_MAX], folder[PATH_MAX], why[200] = "";
  snprintf(path, sizeof path, "%s/databases/%s/current/withheld", q->data_directory, q->database);
  FILE *withheld = fopen(path, "r");
  if (withheld) {
    size_t length = fread(why, 1, sizeof why - 1, withheld);
    fclose(withheld);
    why[length] = 0;
    return failed(q, "is not served by its node: ", why);
  }
  int code = 0;
  for (int attempt = 0; attempt < 5; attempt++) {  // a generation may be replaced while it is being opened
    struct stat file;
    snprintf(path, sizeof path, "%s/databases/%s/current", q->data_directory, q->database);
    if (!realpath(path, folder)) return failed(q, "is not there: ", strerror(errno));
    snprintf(path, sizeof path, "%.*s/data.mdb", PATH_MAX - 10, folder);
    code = stat(path, &file) ? errno : 0;
    if (code) continue;
    if (q->txn && file.st_dev == q->file.st_dev && file.st_ino == q->file.st_ino) {
      code = mdb_txn_renew(q->txn);
      if (code != MDB_MAP_RESIZED) return code ? failed(q, "cannot be read: ", mdb_strerror(code)) : FOUND;
    }
    quicksilver_close(q);
    if (is_apart(q)) return failed(q, "is of a node in another PID namespace: have the containers share it", "");
    q->file = file;
    if (!(code = open_generation(q, folder))) return FOUND;
    quicksilver_close(q);
  }
  return failed(q, "cannot be opened; this user has to write its lock.mdb, too: ", mdb_strerror(code));
}

static int look_up(quicksilver *q, const void *key, size_t key_length) {
  MDB_val name = {key_length, (void *)key}, record;
  int code = mdb_get(q->txn, q->data, &name, &record);
  if (code == MDB_NOTFOUND) return NOT_FOUND;
  if (code) return failed(q, "cannot be read: ", mdb_strerror(code));
  const unsigned char *bytes = record.mv_data;
  if (record.mv_size < HEADER || record.mv_size > PIECE ||
      crc32c(crc32c(0, key, key_length), bytes + 4, record.mv_size - 4) != big_endian(bytes, 4))
    return failed(q, "is damaged: ", "the record of the key does not match its checksum");
  int chunked = bytes[4] & CHUNKED;
  if (chunked && (record.mv_size != HEADER + 8 || big_endian(bytes + HEADER, 4) > MAX_VALUE))
    return failed(q, "is damaged: ", "the record of the key has an impossible length");
  q->length = chunked ? big_endian(bytes + HEADER, 4) : record.mv_size - HEADER;
  free(q->value);
  if (!(q->value = malloc(q->length + 1))) return failed(q, "cannot be read: ", "there is too little memory");
  if (!chunked) {
    memcpy(q->value, bytes + HEADER, q->length);
    return FOUND;
  }
  unsigned char piece[12];
  memcpy(piece, bytes + 5, 8);  // the sequence, then the number of the piece
  for (size_t at = 0, index = 0; at < q->length; at += PIECE, index++) {
    size_t expected = q->length - at < PIECE ? q->length - at : PIECE;
    for (int i = 0; i < 4; i++) piece[8 + i] = (unsigned char)(index >> (24 - 8 * i));
    MDB_val piece_name = {sizeof piece, piece}, chunk;
    if ((code = mdb_get(q->txn, q->chunks, &piece_name, &chunk)) || chunk.mv_size != expected)
      return failed(q, "is damaged: ", code ? mdb_strerror(code) : "a piece of the value has another length");
    memcpy(q->value + at, chunk.mv_data, expected);
  }
  if (crc32c(0, q->value, q->length) != big_endian(bytes + HEADER + 4, 4))
    return failed(q, "is damaged: ", "the value does not match its checksum");
  return FOUND;
}

static int quicksilver_get(quicksilver *q, const void *key, size_t key_length) {
  if (key_length < 1 || key_length > MAX_KEY) return failed(q, "has keys of 1 to 511 bytes", "");
  int result = renew(q);
  if (result != FOUND) return result;
  result = look_up(q, key, key_length);
  mdb_txn_reset(q->txn);  // never hold a transaction: pages that are freed meanwhile cannot be used again
  return result;
}

int main(int count, char **arguments) {
  char line[MAX_KEY + 3];
  int worst = FOUND, asked = count == 4 && !strcmp(arguments[3], "-");
  if (count < 4) {
    fprintf(stderr, "usage: %s DATA_DIRECTORY DATABASE KEY [KEY...]; - reads keys from standard input\n", *arguments);
    return FAILED;
  }
  quicksilver q = {.data_directory = arguments[1], .database = arguments[2]};
  for (int i = 3; asked ? fgets(line, sizeof line, stdin) != NULL : i < count; i++) {
    const char *key = asked ? line : arguments[i];
    size_t length = strcspn(key, asked ? "\n" : "");
    int result = quicksilver_get(&q, key, length);
    if (result == FOUND) fwrite(q.value, 1, q.length, stdout), putchar('\n');
    if (result == NOT_FOUND) fprintf(stderr, "%.*s: there is no such key\n", (int)length, key);
    if (result == FAILED) fprintf(stderr, "%s\n", q.error);
    if (asked) printf("= %d\n", result), fflush(stdout);  // the answer ends here
    if (result > worst) worst = result;
  }
  quicksilver_close(&q);
  free(q.value);
  return worst;
}
