package dev.quicksilver.benchmarks;

import java.util.ArrayList;
import java.util.List;

/**
 * A client that shows what was sent byte by byte. It waits for each answer, or sends all at once.
 */
record RawRespClient(boolean pipelined) implements RespClient {
  /** What is on its way at once, as pipelines of clients have it. */
  private static final int DEPTH = 100;

  @Override
  public String name() {
    return pipelined ? "bytes, in pipelines" : "bytes";
  }

  @Override
  public List<RespAnswer> run(int port, int protocol, List<RespStep> steps) throws Exception {
    List<RespAnswer> answers = new ArrayList<>();
    try (RespSocket socket = new RespSocket(port)) {
      socket.call("HELLO", Integer.toString(protocol));
      int depth = pipelined ? DEPTH : 1;
      for (int from = 0; from < steps.size(); from += depth) {
        List<RespStep> some = steps.subList(from, Math.min(steps.size(), from + depth));
        var requests = new java.io.ByteArrayOutputStream();
        some.forEach(step -> requests.writeBytes(RespSocket.request(step.words())));
        Thread sending = // the server may wait for its answers to be taken
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        socket.send(requests.toByteArray());
                      } catch (java.io.IOException e) {
                        // what is missing then is seen in the answers
                      }
                    });
        for (int i = 0; i < some.size(); i++) {
          answers.add(socket.read());
        }
        sending.join();
      }
    }
    return answers;
  }
}
