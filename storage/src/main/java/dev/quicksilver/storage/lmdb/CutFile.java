package dev.quicksilver.storage.lmdb;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Finds out before LMDB maps a file whether its end is missing: LMDB itself would go to the roots
 * at once, and the process would die of SIGBUS. A file may rightly end before its last page, when
 * the pages there are free, so only the roots can be asked for here; {@link PageMap} looks after
 * the others.
 */
final class CutFile {
  private static final long NO_PAGE = -1;

  private CutFile() {}

  /**
   * Throws CORRUPT if a root is beyond the end of the file. What is no environment of LMDB is left
   * to LMDB to refuse.
   */
  static void refuse(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer first = read(channel, 0);
      if (!MetaPages.isMeta(first)) {
        return;
      }
      int pageSize = MetaPages.pageSize(first);
      ByteBuffer second = read(channel, pageSize);
      if (!MetaPages.isMeta(second)) {
        return;
      }
      boolean newer = MetaPages.transaction(second) > MetaPages.transaction(first);
      ByteBuffer newest = newer ? second : first;
      long pages = channel.size() / pageSize;
      for (long root : MetaPages.roots(newest)) {
        if (root != NO_PAGE && (root < 0 || root >= pages)) {
          throw new StorageException(
              ErrorCode.CORRUPT,
              file
                  + " has been cut: it has "
                  + pages
                  + " pages, and page "
                  + Long.toUnsignedString(root)
                  + " is needed; copy this database anew from another node");
        }
      }
    } catch (IOException e) {
      throw new StorageException(ErrorCode.IO, file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static ByteBuffer read(FileChannel channel, long at) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(MetaPages.LENGTH).order(ByteOrder.nativeOrder());
    while (bytes.hasRemaining() && channel.read(bytes, at + bytes.position()) > 0) {}
    return bytes.flip();
  }
}
