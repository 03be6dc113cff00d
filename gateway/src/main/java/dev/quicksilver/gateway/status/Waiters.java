package dev.quicksilver.gateway.status;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.postgresql.replication.LogSequenceNumber;

/**
 * Sessions of PostgreSQL that wait, as far as they have said so by a message in the WAL (see {@code
 * quicksilver.tell_root}): {@code wait}, to have everything before the message confirmed; {@code
 * ask UUID LSN}, to be told the sequences of that LSN; {@code watch}, to see replicas' news soon.
 * Any role may write such messages, so what is none of these is passed over, and of questions no
 * more than a bound is kept: who gets no answer asks again. Thread-safe.
 */
public final class Waiters {
  /** The prefix of messages that are for the root. */
  public static final String PREFIX = "quicksilver";

  private static final int MOST_QUESTIONS = 1_000;
  private static final int LONGEST_MESSAGE = 100;
  private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** Which sequences an LSN became. */
  record Question(UUID id, long lsn) {}

  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private final Map<UUID, Question> questions = new LinkedHashMap<>();
  private volatile boolean waiting;
  private volatile boolean confirmationWanted;
  private boolean watched;
  private long watchedUntil;
  private boolean signalled;

  /** Nobody waits yet; {@code nanoTime} is monotonic, in ns. */
  public Waiters(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Takes a message that the WAL brought. */
  public void take(ByteBuffer content) {
    if (content.remaining() > LONGEST_MESSAGE) {
      return;
    }
    String[] words = StandardCharsets.UTF_8.decode(content).toString().split(" ", -1);
    lock.lock();
    try {
      if (words.length == 1 && words[0].equals("wait")) {
        waiting = true;
        confirmationWanted = true;
      } else if (words.length == 1 && words[0].equals("watch")) {
        watched = true;
        watchedUntil = nanoTime.getAsLong() + WATCH_NANOS;
        signal();
      } else if (words.length == 3 && words[0].equals("ask")) {
        waiting = true;
        ask(words[1], words[2]);
      }
    } finally {
      lock.unlock();
    }
  }

  private void ask(String id, String lsn) {
    if (questions.size() >= MOST_QUESTIONS) {
      return;
    }
    try {
      UUID uuid = UUID.fromString(id);
      LogSequenceNumber at = LogSequenceNumber.valueOf(lsn);
      if (!at.equals(LogSequenceNumber.INVALID_LSN)) {
        questions.put(uuid, new Question(uuid, at.asLong()));
      }
    } catch (IllegalArgumentException e) {
      // Not from our functions; nobody waits for an answer.
    }
  }

  /** True if somebody waits for what was written before its message to be confirmed. */
  public boolean isWaiting() {
    return waiting;
  }

  /** True if somebody waits who sees no answer, but only what the slot has confirmed. */
  public boolean isConfirmationWanted() {
    return confirmationWanted;
  }

  /** All that was received is about to be recorded, and confirmed if that is wanted. */
  public void recorded() {
    waiting = false;
    confirmationWanted = false;
  }

  /** More has become durable. */
  public void durable() {
    lock.lock();
    try {
      if (!questions.isEmpty() || isWatched()) {
        signal();
      }
    } finally {
      lock.unlock();
    }
  }

  private void signal() {
    signalled = true;
    news.signal();
  }

  /** Takes the questions that can be answered. */
  List<Question> answerable(long durableLsn) {
    lock.lock();
    try {
      List<Question> taken = new ArrayList<>();
      for (Question question : questions.values()) {
        if (Long.compareUnsigned(question.lsn(), durableLsn) <= 0) {
          taken.add(question);
        }
      }
      taken.forEach(question -> questions.remove(question.id()));
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** True while somebody waits for replicas. */
  boolean isWatched() {
    lock.lock();
    try {
      watched = watched && watchedUntil - nanoTime.getAsLong() > 0;
      return watched;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until there is something new to answer or to watch, no longer than so many ns. */
  void await(long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = nanos;
      while (!signalled && left > 0) {
        left = news.awaitNanos(left);
      }
      signalled = false;
    } finally {
      lock.unlock();
    }
  }

  /** The slot is gone: what was asked will be asked again of whoever holds it then. */
  public void forget() {
    lock.lock();
    try {
      waiting = false;
      confirmationWanted = false;
      questions.clear();
    } finally {
      lock.unlock();
    }
  }
}
