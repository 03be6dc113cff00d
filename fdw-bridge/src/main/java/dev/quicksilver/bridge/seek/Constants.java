package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.Expression.Literal;
import dev.quicksilver.bridge.types.Type;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Literals, parameters, casts of these, and arrays of these. */
final class Constants {
  private final Parameters parameters;

  Constants(Parameters parameters) {
    this.parameters = parameters;
  }

  /** A constant that a column of a kind is compared with. */
  Constant scalar(Expression expression, ValueKind kind) {
    return scalar(expression, kind, kind.own(false));
  }

  /**
   * Reads a constant.
   *
   * @param type what a literal or parameter without a type is taken for
   */
  private Constant scalar(Expression expression, ValueKind kind, Type type) {
    return switch (expression) {
      case Literal literal -> literal(literal, kind, type);
      case Expression.Prefix sign when kind == ValueKind.INTEGER ->
          Constant.of(Input.integer(type, "-" + digits(sign)));
      case Expression.Parameter parameter -> parameter(parameter, kind, type);
      case Expression.Cast cast -> cast(cast, kind);
      default -> throw new Outside("not a constant");
    };
  }

  private static Constant literal(Literal literal, ValueKind kind, Type type) {
    return switch (literal.kind()) {
      case NULL -> Constant.NULL;
      case STRING -> Input.text(type, text(literal));
      case INTEGER -> {
        if (kind != ValueKind.INTEGER) {
          throw new Outside("a number where none fits");
        }
        yield Constant.of(Input.integer(type, text(literal)));
      }
      case DECIMAL, BOOLEAN -> throw new Outside("a literal of another type");
    };
  }

  private static String text(Literal literal) {
    return Objects.requireNonNull(literal.text());
  }

  private static String digits(Expression.Prefix sign) {
    if (sign.operator().equals("-")
        && sign.operand() instanceof Literal literal
        && literal.kind() == Literal.Kind.INTEGER) {
      return text(literal);
    }
    throw new Outside("an operator");
  }

  private Constant parameter(Expression.Parameter parameter, ValueKind kind, Type deduced) {
    Type type = kind.type(parameters.type(parameter.number(), deduced), false);
    if (!parameters.valued()) {
      return Constant.GUESSED;
    }
    Argument argument = parameters.argument(parameter.number());
    byte[] value = argument.value();
    if (value == null) {
      return Constant.NULL;
    }
    return argument.binary() ? Input.binary(type, value) : Input.text(type, Input.string(value));
  }

  private Constant cast(Expression.Cast cast, ValueKind kind) {
    if (cast.type().array()) {
      throw new Outside("an array where none fits");
    }
    Type type = kind.type(cast.type());
    if (cast.operand() instanceof Expression.Scalar scalar) {
      return unknownValue(scalar, kind, type);
    }
    if (cast.operand() instanceof Expression.Parameter parameter) {
      requireWidening(kind.type(parameters.type(parameter.number(), type), false), type);
    }
    Constant value = scalar(cast.operand(), kind, untyped(cast.operand()) ? type : kind.own(false));
    if (kind == ValueKind.INTEGER && !value.isNull()) {
      Input.inRange(type, value.number());
    }
    return value;
  }

  /** Whether an expression gets its type from the cast around it. */
  private static boolean untyped(Expression expression) {
    return expression instanceof Expression.Parameter
        || (expression instanceof Literal literal && literal.kind() == Literal.Kind.STRING);
  }

  /** A parameter of a wider type would be cast when the statement runs, and may not fit. */
  private static void requireWidening(Type from, Type to) {
    if (from.rank() > to.rank()) {
      throw new Outside("a parameter cast to a narrower type");
    }
  }

  /** {@code (SELECT NULL::type)::type}, which postgres_fdw sends for a value it will know later. */
  private static Constant unknownValue(Expression.Scalar scalar, ValueKind kind, Type type) {
    var select = scalar.select();
    boolean bare =
        select.from().isEmpty()
            && select.where().isEmpty()
            && select.groupBy().isEmpty()
            && select.having().isEmpty()
            && select.orderBy().isEmpty()
            && select.limit().isEmpty()
            && select.offset().isEmpty()
            && select.unions().isEmpty()
            && !select.distinct()
            && select.targets().size() == 1;
    if (bare
        && select.targets().getFirst().expression() instanceof Expression.Cast cast
        && cast.operand() instanceof Literal literal
        && literal.kind() == Literal.Kind.NULL
        && kind.type(cast.type()) == type) {
      return Constant.GUESSED;
    }
    throw new Outside("a subselect");
  }

  /** The elements of an array that a column of a kind is compared with; empty for NULL. */
  Optional<List<Constant>> array(Expression expression, ValueKind kind) {
    return switch (expression) {
      case Expression.ArrayOf array -> Optional.of(elements(array, kind, common(array, kind)));
      case Expression.Cast cast -> castArray(cast, kind);
      default -> arrayConstant(expression, kind, kind.own(true));
    };
  }

  /** An array, or {@link #array} of a value that is not known yet. */
  private Optional<List<Constant>> arrayConstant(Expression expression, ValueKind kind, Type type) {
    return switch (expression) {
      case Literal literal when literal.kind() == Literal.Kind.NULL -> Optional.empty();
      case Literal literal when literal.kind() == Literal.Kind.STRING ->
          Optional.of(ArrayInput.text(type, text(literal)));
      case Expression.Parameter parameter -> arrayParameter(parameter, kind, type);
      default -> throw new Outside("not an array");
    };
  }

  private Optional<List<Constant>> arrayParameter(
      Expression.Parameter parameter, ValueKind kind, Type deduced) {
    Type type = kind.type(parameters.type(parameter.number(), deduced), true);
    if (!parameters.valued()) {
      return Optional.of(List.of(Constant.GUESSED));
    }
    Argument argument = parameters.argument(parameter.number());
    byte[] value = argument.value();
    if (value == null) {
      return Optional.empty();
    }
    return Optional.of(
        argument.binary()
            ? ArrayInput.binary(type, value)
            : ArrayInput.text(type, Input.string(value)));
  }

  private Optional<List<Constant>> castArray(Expression.Cast cast, ValueKind kind) {
    Type type = kind.type(cast.type());
    Type element = ArrayInput.element(type);
    if (cast.operand() instanceof Expression.ArrayOf array) {
      return Optional.of(elements(array, kind, element));
    }
    if (cast.operand() instanceof Expression.Scalar scalar) {
      unknownValue(scalar, kind, type);
      return Optional.of(List.of(Constant.GUESSED));
    }
    if (cast.operand() instanceof Expression.Parameter parameter) {
      Type declared = kind.type(parameters.type(parameter.number(), type), true);
      if (declared != type && kind != ValueKind.TEXT) {
        throw new Outside("an array parameter cast to another type");
      }
    }
    return arrayConstant(cast.operand(), kind, type);
  }

  private List<Constant> elements(Expression.ArrayOf array, ValueKind kind, Type element) {
    return array.elements().stream()
        .map(
            each -> {
              Constant value = scalar(each, kind, untyped(each) ? element : kind.own(false));
              if (kind == ValueKind.INTEGER && !value.isNull()) {
                Input.inRange(element, value.number());
              }
              return value;
            })
        .toList();
  }

  /** The type that PostgreSQL finds for {@code ARRAY[…]}: of elements that have one, the widest. */
  private Type common(Expression.ArrayOf array, ValueKind kind) {
    if (array.elements().isEmpty()) {
      throw new Outside("an array without a type");
    }
    Optional<Type> widest = Optional.empty();
    for (Expression each : array.elements()) {
      Optional<Type> type = typeOf(each, kind);
      if (widest.isEmpty() || (type.isPresent() && type.get().rank() > widest.get().rank())) {
        widest = type;
      }
    }
    return widest.orElseGet(
        () -> {
          if (kind != ValueKind.TEXT) {
            throw new Outside("an array of texts where none fits");
          }
          return Type.TEXT;
        });
  }

  /** The type of an element; empty if it takes that of the others. */
  private Optional<Type> typeOf(Expression element, ValueKind kind) {
    return switch (element) {
      case Literal literal when literal.kind() == Literal.Kind.INTEGER ->
          Optional.of(integerType(text(literal)));
      case Literal ignored -> Optional.empty();
      case Expression.Prefix sign -> Optional.of(integerType("-" + digits(sign)));
      case Expression.Cast cast when !cast.type().array() -> Optional.of(kind.type(cast.type()));
      case Expression.Parameter parameter ->
          parameters.declared(parameter.number()).map(oid -> kind.type(oid, false));
      default -> throw new Outside("not a constant");
    };
  }

  /** The type of an integer literal: int4 if it fits. */
  static Type integerType(String digits) {
    long number = Input.integer(Type.INT8, digits);
    return number == (int) number ? Type.INT4 : Type.INT8;
  }
}
