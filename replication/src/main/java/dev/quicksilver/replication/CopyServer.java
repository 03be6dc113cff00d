package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.CopyRequest;
import dev.quicksilver.replication.Message.PieceStart;
import dev.quicksilver.replication.Message.StepEnd;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.copy.SnapshotPiece;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.log.Segment;
import java.io.EOFException;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves copies of databases, step by step: the log since the last step, then the next pairs of a
 * snapshot. All it knows between two steps stands in the follower's next request. Holds an LMDB
 * snapshot only while it reads a piece and sends the few blocks that came meanwhile. Thread-safe.
 */
final class CopyServer {
  private static final Logger LOG = LoggerFactory.getLogger(CopyServer.class);

  /** Each holds a piece in memory, which may be one value of 64 MiB. */
  private static final int MOST_AT_ONCE = 16;

  /** Log in one answer before it comes without a piece, in uncompressed bytes. */
  private static final long LOG_BYTES = 32L << 20;

  private final DatabaseSet databases;
  private final NodeIdentity identity;
  private final Semaphore room = new Semaphore(MOST_AT_ONCE);

  CopyServer(DatabaseSet databases, NodeIdentity identity) {
    this.databases = databases;
    this.identity = identity;
  }

  /** Answers requests until the follower closes the connection. */
  void serve(ClientHello hello, Database database, FrameInput in, FrameOutput out)
      throws IOException {
    if (!room.tryAcquire()) {
      throw new RefusedException(
          RefusalCode.BUSY,
          "node \"" + identity.name() + "\" serves " + MOST_AT_ONCE + " copies already");
    }
    LOG.info("node {} copies database {}", hello.node(), hello.database());
    try {
      while (true) {
        Message message = in.read();
        if (!(message instanceof CopyRequest request)) {
          throw new ProtocolException("a node that copies sends nothing but requests");
        }
        requireSame(hello, database);
        answer(hello, database, request, out);
      }
    } catch (EOFException e) {
      LOG.info("node {} has ended copying database {}", hello.node(), hello.database());
    } finally {
      room.release();
    }
  }

  private void answer(ClientHello hello, Database database, CopyRequest request, FrameOutput out)
      throws IOException {
    try {
      long sequence = request.lastSequence();
      if (!request.begins()) {
        LogReader log = database.readLog(sequence + 1);
        if (!sendLog(log, LOG_BYTES, out)) {
          out.write(new StepEnd(log.nextSequence() - 1));
          out.flush();
          return;
        }
        sequence = log.nextSequence() - 1;
      }
      byte[] after = request.after();
      SnapshotPiece piece =
          SnapshotPiece.read(database, after.length == 0 ? null : after, request.pieceBytes());
      try (piece) {
        if (!request.begins()) {
          sendLog(piece.log(sequence + 1), Long.MAX_VALUE, out);
        }
      }
      out.write(new PieceStart(piece.pairsOfSource(), piece.header()));
      for (Segment s = piece.next(); s != null; s = piece.next()) {
        out.write(s);
      }
      out.write(new StepEnd(piece.header().head().lastSequence()));
      out.flush();
    } catch (StorageException e) {
      if (e.code() != ErrorCode.NOT_IN_LOG) {
        throw e;
      }
      throw new RefusedException(
          Admission.snapshotNeeded(
              hello,
              identity,
              request.lastSequence() + 1,
              Admission.info(database, database.head())));
    }
  }

  /** Returns whether this was all of the log that there is. */
  private static boolean sendLog(LogReader log, long mostBytes, FrameOutput out)
      throws IOException {
    long bytes = 0;
    while (bytes < mostBytes) {
      BlockHeader block = log.nextBlock();
      if (block == null) {
        return true;
      }
      out.write(block, log::nextSegment);
      bytes += block.uncompressedLength();
    }
    return false;
  }

  /** Refuses to go on if another copy of the same database has taken its place. */
  void requireSame(ClientHello hello, Database database) throws RefusedException {
    Optional<Database> now = databases.get(hello.database());
    if (now.isPresent()
        && now.get() != database
        && now.get().identity().id().equals(database.identity().id())) {
      throw replaced(hello);
    }
  }

  RefusedException replaced(ClientHello hello) {
    return new RefusedException(
        RefusalCode.REPLACED,
        "node \""
            + identity.name()
            + "\" has put another copy in the place of its database \""
            + hello.database()
            + "\"; connect again");
  }
}
