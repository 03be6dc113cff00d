package dev.quicksilver.storage.lmdb;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.ByteBufferProxy;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;

/**
 * An environment that is written, and its trees, as lmdbjava has them.
 *
 * @param trees by {@link Tree#index}
 */
record WriteHandles(Env<ByteBuffer> env, List<Dbi<ByteBuffer>> trees) {
  /**
   * Opens an environment and its trees, or makes them, and frees the slots of processes that died.
   * What fails leaves nothing open.
   *
   * @throws StorageException WRONG_FORMAT if it has other trees, or what LMDB says
   */
  static WriteHandles open(Path path, StorageOptions options, int rights, boolean create) {
    List<EnvFlags> flags = new ArrayList<>(List.of(EnvFlags.MDB_NOTLS, EnvFlags.MDB_NORDAHEAD));
    if (!options.durable()) {
      flags.add(EnvFlags.MDB_NOSYNC);
    }
    LmdbLibrary.shareWithLmdbjava();
    Env<ByteBuffer> env = null;
    try {
      env =
          Env.create(ByteBufferProxy.PROXY_OPTIMAL)
              .setMapSize(options.mapSize())
              .setMaxDbs(Tree.COUNT)
              .setMaxReaders(options.maxReaders())
              .open(path.toFile(), rights, flags.toArray(EnvFlags[]::new));
      env.readerCheck();
      return create ? made(env) : opened(env);
    } catch (Dbi.KeyNotFoundException e) {
      closeQuietly(env);
      throw new StorageException(
          ErrorCode.WRONG_FORMAT, path + " is an LMDB environment, but not one of Quicksilver", e);
    } catch (LmdbException e) {
      closeQuietly(env);
      throw LmdbErrors.of(e, path);
    } catch (RuntimeException e) {
      closeQuietly(env);
      throw e;
    }
  }

  private static void closeQuietly(@Nullable Env<ByteBuffer> env) {
    if (env != null) {
      env.close();
    }
  }

  private static WriteHandles made(Env<ByteBuffer> env) {
    return new WriteHandles(
        env,
        Arrays.stream(Tree.values())
            .map(tree -> env.openDbi(tree.label, DbiFlags.MDB_CREATE))
            .toList());
  }

  /** In a read transaction: in one that writes they would wait for a writer elsewhere to end. */
  private static WriteHandles opened(Env<ByteBuffer> env) {
    try (Txn<ByteBuffer> txn = env.txnRead()) {
      List<Dbi<ByteBuffer>> trees =
          Arrays.stream(Tree.values())
              .map(tree -> env.openDbi(txn, tree.labelBytes(), null, false))
              .toList();
      txn.commit(); // or they would be closed with it
      return new WriteHandles(env, trees);
    }
  }

  /** Returns the address of its {@code MDB_env}. */
  long address() {
    return LmdbjavaAccess.address(env);
  }

  Dbi<ByteBuffer> meta() {
    return trees.get(Tree.META.index);
  }

  Dbi<ByteBuffer> data() {
    return trees.get(Tree.DATA.index);
  }

  Dbi<ByteBuffer> chunks() {
    return trees.get(Tree.CHUNKS.index);
  }

  Dbi<ByteBuffer> log() {
    return trees.get(Tree.LOG.index);
  }

  /** Returns the handle that native calls name a tree by. */
  int handle(Tree tree) {
    return LmdbjavaAccess.handle(trees.get(tree.index));
  }
}
