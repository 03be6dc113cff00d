package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.wire.MessageWriter;
import java.time.ZoneId;
import java.util.List;

/** Rows as the scan gives them. */
final class ScannedRows implements Rows {
  private final Matches matches;
  private final List<Output> outputs;
  private final ZoneId zone;
  private long skip;
  private long left;

  ScannedRows(Matches matches, List<Output> outputs, Window window, ZoneId zone) {
    this.matches = matches;
    this.outputs = outputs;
    this.zone = zone;
    this.skip = window.offset();
    this.left = window.limit();
  }

  @Override
  public boolean next() {
    while (left > 0 && matches.next()) {
      if (skip > 0) {
        skip--;
        continue;
      }
      left--;
      return true;
    }
    left = 0;
    return false;
  }

  @Override
  public void write(MessageWriter out, boolean[] binary) {
    Output.write(outputs, matches.row(), out, binary, zone);
  }

  @Override
  public long bytes() {
    return Output.bytes(outputs, matches.row());
  }

  @Override
  public void close() {
    left = 0;
    matches.close();
  }
}
