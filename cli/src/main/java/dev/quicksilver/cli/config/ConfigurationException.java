package dev.quicksilver.cli.config;

/**
 * Something in the configuration is wrong; the message is one line that says where and what to do.
 */
public final class ConfigurationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ConfigurationException(String message) {
    super(message);
  }
}
