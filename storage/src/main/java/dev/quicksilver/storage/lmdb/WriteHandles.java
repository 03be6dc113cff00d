package dev.quicksilver.storage.lmdb;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;

/**
 * An environment that is written, and its trees, as lmdbjava has them.
 *
 * @param trees by {@link Tree#index}
 */
record WriteHandles(Env<ByteBuffer> env, List<Dbi<ByteBuffer>> trees) {
  /** Opens the trees of an environment, or makes them. */
  static WriteHandles of(Env<ByteBuffer> env, boolean create) {
    return new WriteHandles(
        env,
        Arrays.stream(Tree.values())
            .map(
                tree ->
                    create ? env.openDbi(tree.label, DbiFlags.MDB_CREATE) : env.openDbi(tree.label))
            .toList());
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
