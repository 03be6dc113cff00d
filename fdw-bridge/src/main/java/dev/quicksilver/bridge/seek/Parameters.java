package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.Select;
import dev.quicksilver.bridge.sql.TypeName;
import dev.quicksilver.bridge.types.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The parameters of a statement: their types, declared or deduced from their use, and their values
 * if these are known already.
 */
final class Parameters {
  /** As many as Bind can carry. */
  private static final int MOST = 65_535;

  private final List<Argument> arguments;
  private final boolean valued;
  private final List<Integer> declared = new ArrayList<>();

  /** What a parameter was found to be; 0 before it was asked for. */
  private final List<Integer> found = new ArrayList<>();

  /**
   * Takes what is known.
   *
   * @param valued whether the arguments have their values; if not there may be more of them than
   *     were declared
   */
  Parameters(List<Argument> arguments, boolean valued) {
    this.arguments = arguments;
    this.valued = valued;
    for (Argument argument : arguments) {
      // PostgreSQL takes a parameter declared as unknown for one that is not declared
      declared.add(argument.oid() == Type.UNKNOWN.oid() ? 0 : argument.oid());
      found.add(0);
    }
  }

  /**
   * The parameters without a declared type that stand in several places of a statement, one of
   * which may give them another type than the others would, unless each place casts them to the
   * same.
   */
  static Set<Integer> unclear(Select select, List<Argument> arguments) {
    Map<Integer, Integer> uses = new HashMap<>();
    Map<Integer, Integer> casts = new HashMap<>();
    Map<Integer, Set<TypeName>> types = new HashMap<>();
    Syntax.visit(
        select,
        expression -> {
          if (expression instanceof Expression.Parameter parameter) {
            uses.merge(parameter.number(), 1, Integer::sum);
          } else if (expression instanceof Expression.Cast cast
              && cast.operand() instanceof Expression.Parameter parameter) {
            casts.merge(parameter.number(), 1, Integer::sum);
            types.computeIfAbsent(parameter.number(), number -> new HashSet<>()).add(cast.type());
          }
        });
    var parameters = new Parameters(arguments, false);
    Set<Integer> unclear = new HashSet<>();
    uses.forEach(
        (number, count) -> {
          boolean alike =
              count.equals(casts.get(number)) && types.getOrDefault(number, Set.of()).size() == 1;
          if (count > 1 && !alike && parameters.declared(number).isEmpty()) {
            unclear.add(number);
          }
        });
    return unclear;
  }

  private int index(int number) {
    while (!valued && number > found.size() && number <= MOST) {
      declared.add(0);
      found.add(0);
    }
    if (number < 1 || number > found.size()) {
      throw new Outside("no such parameter");
    }
    return number - 1;
  }

  /** The declared type of a parameter. */
  Optional<Integer> declared(int number) {
    int oid = declared.get(index(number));
    return oid == 0 ? Optional.empty() : Optional.of(oid);
  }

  /** The type of a parameter, which becomes {@code deduced} if it was not declared. */
  int type(int number, Type deduced) {
    int index = index(number);
    int before = found.get(index);
    int now = declared(number).orElse(deduced.oid());
    if (before != 0 && before != now) {
      throw new Outside("a parameter with two types");
    }
    found.set(index, now);
    return now;
  }

  /** Whether a value is there for {@link #argument}. */
  boolean valued() {
    return valued;
  }

  /** The value of a parameter. */
  Argument argument(int number) {
    return arguments.get(index(number));
  }

  /** The OIDs of all parameters, each of which has been asked for. */
  List<Integer> types() {
    if (found.contains(0)) {
      throw new Outside("a parameter that is not used, or not understood");
    }
    return List.copyOf(found);
  }
}
