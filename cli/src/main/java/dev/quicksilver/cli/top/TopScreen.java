package dev.quicksilver.cli.top;

import dev.quicksilver.cli.command.NodeClient;
import dev.quicksilver.cli.top.TopView.Line;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.utils.InfoCmp.Capability;

/**
 * Draws in a terminal until somebody quits. However it ends (a key, a signal, an error), the
 * terminal has its settings and its text again, also while the process is stopped (Ctrl-Z). One
 * thread, those that say that there is more, and those of signals.
 */
final class TopScreen {
  /** How long a key is waited for before it is looked whether there is more to draw. */
  private static final long KEY_MILLIS = 100;

  /** How long the end of the process waits for who reads: a few times what a read takes. */
  private static final long SHUTDOWN_MILLIS = 2_000;

  /** What a terminal is taken for that does not say how large it is. */
  private static final Room USUAL = new Room(80, 24);

  /** How large the terminal is, in characters. */
  private record Room(int columns, int rows) {}

  private final Terminal terminal;
  private final AtomicBoolean stale = new AtomicBoolean(true);
  private final AtomicBoolean quit = new AtomicBoolean();
  private volatile Room room = USUAL;

  /**
   * Whoever uses the terminal has it, also while a key is waited for: a read that began in the
   * shell's settings would wait for a whole line. Fair, so that signals get it between two keys.
   */
  private final ReentrantLock lock = new ReentrantLock(true);

  /** That the terminal is no longer the shell's for now. */
  private final Condition decided = lock.newCondition();

  /** Guarded by the lock, but for the end of the process. */
  private volatile Stay stay = Stay.AWAY;

  /** Whose the terminal is. */
  private enum Stay {
    /** Ours, to be drawn on. */
    DRAWS,
    /** The shell's, for now. */
    AWAY,
    /** The shell's, for good. */
    ENDED
  }

  TopScreen(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Returns whether the terminal can be drawn on, and not only be written to. */
  boolean canDraw() {
    return terminal.getStringCapability(Capability.cursor_home) != null
        && terminal.getStringCapability(Capability.clr_eol) != null;
  }

  /** Draws what is known of a node until somebody quits. */
  void run(Supplier<NodeClient> asked) throws IOException {
    Attributes before = terminal.getAttributes();
    Thread hook =
        Thread.ofPlatform()
            .unstarted(
                () -> {
                  quit.set(true);
                  leaveAtShutdown(before);
                });
    Runtime.getRuntime().addShutdownHook(hook); // SIGTERM and SIGHUP
    terminal.handle(Terminal.Signal.INT, _ -> quit.set(true));
    terminal.handle(Terminal.Signal.WINCH, _ -> resized());
    terminal.handle(Terminal.Signal.TSTP, _ -> stop(before));
    terminal.handle(Terminal.Signal.CONT, _ -> enter());
    try (Poller poller = new Poller(asked, () -> stale.set(true), Clock.systemUTC())) {
      enter();
      poller.start();
      loop(poller);
    } finally {
      leave(before, Stay.ENDED);
      removeHook(hook);
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process ends; the hook has nothing left to do.
    }
  }

  /** Takes the terminal, unless it was left for good. */
  private void enter() {
    lock.lock();
    try {
      if (stay == Stay.ENDED) {
        return;
      }
      stay = Stay.DRAWS;
      terminal.enterRawMode();
      terminal.puts(Capability.enter_ca_mode);
      terminal.puts(Capability.cursor_invisible);
      resized();
      decided.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Gives the terminal back, unless that was done. */
  private void leave(Attributes before, Stay next) {
    lock.lock();
    try {
      giveBack(before, next);
      decided.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Does so at the end of the process. JLine gives the terminal the shell's settings by itself
   * then, at the same time: a read that begins after that waits for a whole line, with the lock,
   * and draws nothing any more.
   */
  private void leaveAtShutdown(Attributes before) {
    boolean isLocked = false;
    try {
      isLocked = lock.tryLock(SHUTDOWN_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      // Nobody interrupts a hook; without the lock it is as if the time were over.
    }
    try {
      giveBack(before, Stay.ENDED);
    } finally {
      if (isLocked) {
        decided.signalAll();
        lock.unlock();
      }
    }
  }

  private void giveBack(Attributes before, Stay next) {
    if (stay == Stay.DRAWS) {
      terminal.puts(Capability.exit_attribute_mode);
      terminal.puts(Capability.cursor_normal);
      terminal.puts(Capability.exit_ca_mode);
      terminal.flush();
      terminal.setAttributes(before);
    }
    if (stay != Stay.ENDED) {
      stay = next;
    }
  }

  /** Stops the process as Ctrl-Z does where nobody handles it; goes on when it is continued. */
  private void stop(Attributes before) {
    leave(before, Stay.AWAY);
    terminal.handle(Terminal.Signal.TSTP, Terminal.SignalHandler.SIG_DFL);
    JobControl.stop();
    terminal.handle(Terminal.Signal.TSTP, _ -> stop(before));
    enter();
  }

  private void resized() {
    Size now = terminal.getSize();
    boolean isKnown = now.getColumns() > 0 && now.getRows() > 1;
    room = isKnown ? new Room(now.getColumns(), now.getRows()) : USUAL;
    stale.set(true);
  }

  private void loop(Poller poller) throws IOException {
    Controls controls = Controls.FIRST;
    Key.Source keys = terminal.reader()::read;
    TopView view = TopView.of(poller.seen(), controls);
    while (!quit.get()) {
      lock.lock();
      try {
        while (stay == Stay.AWAY) {
          decided.awaitUninterruptibly();
        }
        if (stay == Stay.ENDED) {
          return;
        }
        Room now = room;
        if (stale.getAndSet(false)) {
          view = TopView.of(poller.seen(), controls);
          draw(view.screen(controls, now.columns(), now.rows()));
        }
        Key key = Key.read(keys, KEY_MILLIS);
        if (key == Key.QUIT) {
          return;
        }
        if (key != Key.NONE) {
          controls = controls.after(key, view.tree().size(), view.page(now.rows()));
          stale.set(true);
        }
      } finally {
        lock.unlock();
      }
    }
  }

  private void draw(List<Line> lines) {
    PrintWriter out = terminal.writer();
    terminal.puts(Capability.cursor_home);
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      // Before the text: after one that fills the line the cursor stands on its last character.
      terminal.puts(Capability.clr_eol);
      switch (line.style()) {
        case PLAIN -> {}
        case TITLE, BAD -> terminal.puts(Capability.enter_bold_mode);
        case HEADING -> terminal.puts(Capability.enter_reverse_mode);
      }
      out.print(line.text());
      terminal.puts(Capability.exit_attribute_mode);
      if (i < lines.size() - 1) {
        out.print("\r\n");
      }
    }
    terminal.flush();
  }
}
