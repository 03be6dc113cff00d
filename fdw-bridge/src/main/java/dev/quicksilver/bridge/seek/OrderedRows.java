package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.RelationCursor;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.time.ZoneId;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Rows in an order that no scan gives: the first of them are found in one scan and then read again
 * one by one, so that no values are kept in memory. The snapshot is the same, and so are the rows.
 */
final class OrderedRows implements Rows {
  private final Supplier<List<FirstRows.Kept>> search;
  private final Function<FirstRows.Kept, RelationCursor> reader;
  private final List<Output> outputs;
  private final Window window;
  private final ZoneId zone;
  private @Nullable Iterator<FirstRows.Kept> kept;
  private @Nullable RelationCursor row;

  /**
   * Searches when the first row is asked for.
   *
   * @param search finds the rows, in order
   * @param reader reads one of them again
   */
  OrderedRows(
      Supplier<List<FirstRows.Kept>> search,
      Function<FirstRows.Kept, RelationCursor> reader,
      List<Output> outputs,
      Window window,
      ZoneId zone) {
    this.search = search;
    this.reader = reader;
    this.outputs = outputs;
    this.window = window;
    this.zone = zone;
  }

  @Override
  public boolean next() {
    Iterator<FirstRows.Kept> source = kept;
    if (source == null) {
      source = search.get().stream().skip(window.offset()).iterator();
      kept = source;
    }
    closeRow();
    if (!source.hasNext()) {
      return false;
    }
    RelationCursor found = reader.apply(source.next());
    row = found;
    if (!found.next()) {
      throw new IllegalStateException("a row of the snapshot is not there any more");
    }
    return true;
  }

  @Override
  public void write(MessageWriter out, boolean[] binary) {
    Output.write(outputs, current(), out, binary, zone);
  }

  @Override
  public long bytes() {
    return Output.bytes(outputs, current());
  }

  private RelationCursor current() {
    RelationCursor current = row;
    if (current == null) {
      throw new IllegalStateException("no current row");
    }
    return current;
  }

  private void closeRow() {
    RelationCursor current = row;
    row = null;
    if (current != null) {
      current.close();
    }
  }

  @Override
  public void close() {
    kept = List.<FirstRows.Kept>of().iterator();
    closeRow();
  }
}
