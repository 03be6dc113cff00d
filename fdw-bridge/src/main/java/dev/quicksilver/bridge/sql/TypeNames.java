package dev.quicksilver.bridge.sql;

import java.util.ArrayList;
import java.util.List;

/** Parses type names, including those of several words. */
final class TypeNames {
  private TypeNames() {}

  static TypeName parse(TokenStream in) {
    String schema = "";
    // Only a word without quotes and schema can be one of SQL's own spellings.
    boolean spelled = in.peek().kind() == Token.Kind.WORD;
    int position = in.peek().start();
    String name = in.label();
    if (in.accept(".")) {
      schema = name;
      name = in.label();
      spelled = false;
    }
    if (spelled) {
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
    if (spelled) {
      name = withZone(in, name);
    }
    if (spelled && name.equals("float") && !modifiers.isEmpty()) {
      throw PgException.unsupported("float with a precision").at(position);
    }
    boolean array = array(in);
    return new TypeName(schema, spelled ? unify(name) : name, List.copyOf(modifiers), array);
  }

  /** {@code [3][]} or {@code ARRAY[3]}; PostgreSQL reads the bounds, and ignores them. */
  private static boolean array(TokenStream in) {
    if (in.acceptWord("array")) {
      if (in.accept("[")) {
        integer(in);
        in.expect("]");
      }
      return true;
    }
    boolean array = false;
    while (in.accept("[")) {
      if (!in.at("]")) {
        integer(in);
      }
      in.expect("]");
      array = true;
    }
    return array;
  }

  private static int integer(TokenStream in) {
    Token token = in.peek();
    if (token.kind() != Token.Kind.INTEGER) {
      throw in.unexpected();
    }
    in.next();
    try {
      return Integer.parseInt(token.text());
    } catch (NumberFormatException e) {
      throw PgException.of(
              SqlState.SYNTAX_ERROR, "syntax error at or near \"" + token.text() + "\"", e)
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
