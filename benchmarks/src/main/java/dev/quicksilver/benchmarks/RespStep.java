package dev.quicksilver.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * One command of a script, and what of its answer is compared.
 *
 * @param words of which each may be any bytes
 * @param isWhole whether that is all of it
 * @param view what has to be the same
 * @param expected what the view shows, for commands that Redis does not have
 */
record RespStep(
    List<byte[]> words,
    boolean isWhole,
    Function<RespAnswer, String> view,
    Optional<String> expected) {

  /** A command whose answer is the same in all. */
  static RespStep same(Object... words) {
    return new RespStep(bytes(words), true, RespAnswer::whole, Optional.empty());
  }

  /** A command of whose answer a part is the same. */
  static RespStep seen(Function<RespAnswer, String> view, Object... words) {
    return new RespStep(bytes(words), false, view, Optional.empty());
  }

  /** A command that Redis does not have. */
  static RespStep own(String expected, Function<RespAnswer, String> view, Object... words) {
    return new RespStep(bytes(words), false, view, Optional.of(expected));
  }

  private static List<byte[]> bytes(Object... words) {
    return Arrays.stream(words)
        .map(word -> word instanceof byte[] bytes ? bytes : word.toString().getBytes(UTF_8))
        .toList();
  }

  /** The command, for people. */
  String name() {
    String name =
        words.stream().map(word -> new String(word, UTF_8)).collect(Collectors.joining(" "));
    return name.length() <= 100 ? name : name.substring(0, 100) + "…";
  }

  // ---- views

  /** The first word of an error. */
  static String firstWord(RespAnswer answer) {
    return answer instanceof RespAnswer.Failed failed
        ? "error " + failed.message().split(" ", 2)[0]
        : answer.whole();
  }

  /** The first sentence of an error: we may say more behind a colon. */
  static String beginning(RespAnswer answer) {
    return answer instanceof RespAnswer.Failed failed
        ? "error " + failed.message().split(":", 2)[0]
        : answer.whole();
  }

  /** The keys of a SCAN in any order, and whether it goes on. */
  static String scanned(RespAnswer answer) {
    if (answer.parts().size() != 2) {
      return answer.whole();
    }
    RespAnswer cursor = answer.parts().getFirst();
    RespAnswer keys = answer.parts().getLast();
    return answer.kind()
        + (cursor.plain().equals("0") ? " the end " : " more ")
        + cursor.kind()
        + " "
        + keys.kind()
        + keys.parts().stream().map(RespAnswer::whole).sorted().toList();
  }

  /** A map or list of keys and values by key, without those that no two servers have in common. */
  static Function<RespAnswer, String> pairsWithout(String... left) {
    return answer -> {
      if (answer instanceof RespAnswer.Failed) {
        return answer.whole();
      }
      Map<String, String> pairs = new TreeMap<>();
      List<RespAnswer> parts = flat(answer);
      for (int i = 0; i + 1 < parts.size(); i += 2) {
        String key = parts.get(i).plain();
        boolean own = Arrays.asList(left).contains(key);
        pairs.put(key, own ? parts.get(i + 1).shape() : parts.get(i + 1).whole());
      }
      return answer.kind() + pairs;
    };
  }

  private static List<RespAnswer> flat(RespAnswer answer) {
    List<RespAnswer> parts = answer.parts();
    return parts.stream().allMatch(part -> part.kind().equals("entry"))
        ? parts.stream().flatMap(part -> part.parts().stream()).toList()
        : parts;
  }

  /** Of what COMMAND INFO says: name, number of words, and which of them are keys. */
  static String commands(RespAnswer answer) {
    return answer.kind()
        + answer.parts().stream()
            .map(
                command ->
                    command.parts().size() < 6
                        ? command.whole()
                        : List.of(0, 1, 3, 4, 5).stream()
                                .map(i -> command.parts().get(i).whole())
                                .toList()
                            + command.parts().get(2).kind()
                            + " of "
                            + command.parts().size())
            .toList();
  }

  /** Of what COMMAND DOCS says: for each command a text "summary" and a text "group". */
  static String docs(RespAnswer answer) {
    List<RespAnswer> parts = flat(answer);
    List<String> said = new ArrayList<>();
    for (int i = 0; i + 1 < parts.size(); i += 2) {
      List<RespAnswer> lines = flat(parts.get(i + 1));
      Map<String, String> all = new TreeMap<>();
      for (int j = 0; j + 1 < lines.size(); j += 2) {
        all.put(lines.get(j).plain(), lines.get(j + 1).kind());
      }
      all.keySet().retainAll(List.of("summary", "group"));
      said.add(parts.get(i).plain() + parts.get(i + 1).kind() + all);
    }
    return answer.kind() + said.stream().sorted().toList();
  }

  /** Of what INFO says: that it can be read, and what clients decide by. */
  static String info(RespAnswer answer) {
    Map<String, String> lines = new TreeMap<>();
    for (String line : answer.plain().split("\r\n", -1)) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        lines.put(line.substring(0, colon), line.substring(colon + 1));
      } else if (!line.isEmpty() && !line.startsWith("# ")) {
        lines.put("not a line of INFO", line);
      }
    }
    lines
        .keySet()
        .retainAll(List.of("role", "redis_mode", "db0", "slave_read_only", "not a line of INFO"));
    return answer.kind() + lines;
  }

  /** Of what CLIENT INFO says: that it can be read, and what concerns the client. */
  static String client(RespAnswer answer) {
    Map<String, String> lines = new TreeMap<>();
    for (String word : answer.plain().strip().split(" ", -1)) {
      int equals = word.indexOf('=');
      lines.put(
          equals < 0 ? "not a word of CLIENT INFO" : word.substring(0, equals),
          word.substring(equals + 1));
    }
    lines
        .keySet()
        .retainAll(
            List.of("name", "db", "sub", "psub", "user", "resp", "not a word of CLIENT INFO"));
    return answer.kind() + lines;
  }
}
