package dev.quicksilver.bridge.sql;

import java.util.ArrayList;
import java.util.List;

/** Parses type names, including those of several words. */
final class TypeNames {
  private TypeNames() {}

  static TypeName parse(TokenStream in) {
    String schema = "";
    String name = in.label();
    if (in.accept(".")) {
      schema = name;
      name = in.label();
    } else {
      name = severalWords(in, name);
    }
    List<Integer> modifiers = new ArrayList<>();
    if (in.at("(")) {
      in.next();
      do {
        modifiers.add(integer(in));
      } while (in.accept(","));
      in.expect(")");
    }
    name = withZone(in, name);
    boolean array = in.acceptWord("array");
    while (in.at("[")) {
      in.next();
      if (in.peek().kind() == Token.Kind.INTEGER) {
        in.next();
      }
      in.expect("]");
      array = true;
    }
    return new TypeName(schema, unify(name), List.copyOf(modifiers), array);
  }

  private static int integer(TokenStream in) {
    Token token = in.next();
    try {
      return Integer.parseInt(token.text());
    } catch (NumberFormatException e) {
      throw PgException.of(SqlState.SYNTAX_ERROR, "type modifiers must be constants", e)
          .at(token.start());
    }
  }

  private static String severalWords(TokenStream in, String first) {
    if (first.equals("double") && in.acceptWord("precision")) {
      return "float8";
    }
    if ((first.equals("character") || first.equals("char")) && in.acceptWord("varying")) {
      return "varchar";
    }
    return first;
  }

  private static String withZone(TokenStream in, String name) {
    if (!name.equals("timestamp") && !name.equals("time")) {
      return name;
    }
    if (in.atWord("with") && in.peek(1).isWord("time")) {
      in.next();
      in.next();
      in.expectWord("zone");
      return name + "tz";
    }
    if (in.acceptWords("without", "time")) {
      in.expectWord("zone");
    }
    return name;
  }

  private static String unify(String name) {
    return switch (name) {
      case "bigint" -> "int8";
      case "int", "integer" -> "int4";
      case "smallint" -> "int2";
      case "boolean" -> "bool";
      case "decimal", "dec" -> "numeric";
      case "real" -> "float4";
      case "float" -> "float8";
      case "character", "char" -> "bpchar";
      default -> name;
    };
  }
}
