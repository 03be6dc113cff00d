package dev.quicksilver.gateway;

import dev.quicksilver.postgres.EmbeddedPostgres;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests one PostgreSQL, the same for all classes of a run: it is started for the first and
 * stopped after the last. Who changes a server's settings, or kills it, starts his own.
 */
public final class SharedPostgres implements ParameterResolver {
  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == EmbeddedPostgres.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context
        .getRoot()
        .getStore(Namespace.create(SharedPostgres.class))
        .getOrComputeIfAbsent("postgres", _ -> new Running(), Running.class)
        .postgres;
  }

  private static final class Running implements AutoCloseable {
    private final EmbeddedPostgres postgres = EmbeddedPostgres.start();

    @Override
    public void close() {
      postgres.close();
    }
  }
}
