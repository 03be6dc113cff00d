package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@code replication.article}: each failure of the article, tried. */
final class ArticleBar implements Bar {
  @Override
  public String name() {
    return "replication.article";
  }

  @Override
  public String description() {
    return "the article's failures of replication, each tried by name";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  /** Runs one in a folder of its own. */
  static void run(Article.Named failure) throws Exception {
    Path folder = Files.createTempDirectory("quicksilver-article-");
    try {
      failure.scenario().run(folder);
    } finally {
      Folders.remove(folder);
    }
  }

  @Override
  public Outcome run(Settings settings) {
    int passed = 0;
    for (Article.Named failure : Article.SCENARIOS) {
      try {
        run(failure);
        passed++;
        System.out.println("passed  " + failure.name());
      } catch (Exception | AssertionError e) {
        System.out.println("FAILED  " + failure.name() + ": " + e);
      }
    }
    int all = Article.SCENARIOS.size();
    return new Outcome(passed + " of " + all, "= " + all, passed == all);
  }
}
