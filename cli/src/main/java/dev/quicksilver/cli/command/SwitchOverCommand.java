package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.cli.process.HttpEndpoint.Answer;
import dev.quicksilver.gateway.session.Gateway;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Has the active root let a standby take over. */
@Command(
    name = "switch-over",
    description =
        "Has the active root let a standby root take over, and stand by itself: before its machine"
            + " is worked on. No entry is lost; followers go over by themselves.")
public final class SwitchOverCommand implements Callable<Integer> {
  private static final String PATH = "/switch-over";

  @Spec private CommandSpec spec;

  @Mixin private NodeFlags node;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  SwitchOverCommand() {}

  /** Serves the request on a root. */
  static void serve(HttpEndpoint http, Gateway gateway) {
    http.serveAction(
        PATH,
        _ -> {
          try {
            return Answer.text(200, gateway.switchOver() + "\n");
          } catch (IllegalStateException e) {
            return Answer.text(409, e.getMessage() + "\n");
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Answer.text(409, "this root stops\n");
          }
        });
  }

  @Override
  public Integer call() throws IOException {
    spec.commandLine().getOut().print(Text.escaped(node.client().post(PATH, Map.of())));
    spec.commandLine().getOut().flush();
    return ExitCode.OK;
  }
}
