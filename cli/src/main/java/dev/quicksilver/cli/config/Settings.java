package dev.quicksilver.cli.config;

import dev.quicksilver.bridge.evaluate.EvaluatorConfig;
import dev.quicksilver.cli.config.Setting.Default;
import dev.quicksilver.cli.config.SettingType.Address;
import dev.quicksilver.cli.config.SettingType.File;
import dev.quicksilver.cli.config.SettingType.Flag;
import dev.quicksilver.cli.config.SettingType.Many;
import dev.quicksilver.cli.config.SettingType.Node;
import dev.quicksilver.cli.config.SettingType.OneOf;
import dev.quicksilver.cli.config.SettingType.Span;
import dev.quicksilver.cli.config.SettingType.Text;
import dev.quicksilver.cli.config.SettingType.Whole;
import dev.quicksilver.replication.DivergencePolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** All settings: the one place where they are declared. */
public final class Settings {
  /** How much is logged. */
  public enum LogLevel {
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE
  }

  /** The form of a line of the log. */
  public enum LogFormat {
    TEXT,
    JSON
  }

  private static final Set<Role> ALL_ROLES = EnumSet.allOf(Role.class);
  private static final Set<Role> NODES = EnumSet.of(Role.ROOT, Role.REPLICA);
  private static final Set<Role> ROOT = EnumSet.of(Role.ROOT);
  private static final Set<Role> BRIDGE = EnumSet.of(Role.BRIDGE);
  private static final Set<Role> SERVE = EnumSet.of(Role.SERVE);

  public static final Setting<String> NODE_NAME =
      new Setting<>(
          "node.name",
          new Text("a name", false),
          Optional.of(new Default(HostName::get, Optional.of("the host's name"))),
          ALL_ROLES,
          "The name of this node in the status of others, in metrics and in logs. Give each node"
              + " its own: two of one name are told apart, but marked and warned of.");
  public static final Setting<String> NODE_LOCATION =
      with(
          "node.location",
          new Text("a name", false),
          "local",
          ALL_ROLES,
          "Where the node stands, usually the data centre. Acknowledgements are merged by"
              + " location.");
  public static final Setting<Boolean> NODE_TAKE_OVER =
      with(
          "node.take-over",
          new Flag(),
          "false",
          EnumSet.of(Role.REPLICA, Role.SERVE),
          "If another process of this kind has the data directory, take its place instead of"
              + " refusing to start: that one leaves once this one is ready. Clients of resp.listen"
              + " without TLS do not notice.");
  public static final Setting<Path> DATA_DIRECTORY =
      with(
          "data.directory",
          new File(),
          "quicksilver-data",
          ALL_ROLES,
          "The directory of this node's databases. A bridge names its replica's.");
  public static final Setting<Integer> DATA_MAP_SIZE =
      with(
          "data.map-size",
          new Whole(1, 1_048_576),
          "262144",
          ALL_ROLES,
          "The largest size of one database, in MiB. It costs address space, not memory or disk.");
  public static final Setting<Duration> DATA_LOG_MAX_AGE =
      with(
          "data.log-max-age",
          new Span("1s", "3650d"),
          "1d",
          NODES,
          "How far back the log of each database reaches: a follower that was away for longer has"
              + " to copy the database. A node that others name in replication.secondaries is there"
              + " to reach back further: give it a week (7d) and the size that a week takes.");
  public static final Setting<Integer> DATA_LOG_MAX_SIZE =
      with(
          "data.log-max-size",
          new Whole(1, 1_048_576),
          "4096",
          NODES,
          "How large the log of each database may grow, in MiB, before its oldest entries go"
              + " although they are younger than data.log-max-age. At most half of data.map-size;"
              + " the default is that half if it is less.");
  public static final Setting<String> POSTGRES_URL =
      without(
          "postgres.url",
          new Text("a JDBC URL (jdbc:postgresql://host:5432/database)", false),
          ROOT,
          "The central PostgreSQL. Needs wal_level = logical. With standbys, give all hosts and"
              + " targetServerType=primary"
              + " (jdbc:postgresql://a:5432,b:5432/database?targetServerType=primary).");
  public static final Setting<String> POSTGRES_USER =
      with(
          "postgres.user",
          new Text("a role of PostgreSQL", false),
          "postgres",
          ROOT,
          "The role to connect as. Needs REPLICATION and, the first time, CREATEROLE and the right"
              + " to create the schema quicksilver.");
  public static final Setting<String> POSTGRES_PASSWORD =
      without("postgres.password", new Text("a password", true), ROOT, "The role's password.");
  public static final Setting<Path> POSTGRES_PASSWORD_FILE =
      without(
          "postgres.password-file",
          new File(),
          ROOT,
          "A file whose first line is the password; read instead of postgres.password.");
  public static final Setting<Boolean> POSTGRES_EMBEDDED =
      with(
          "postgres.embedded",
          new Flag(),
          "false",
          ROOT,
          "Start a PostgreSQL 18 of our own instead of connecting to postgres.url.");
  public static final Setting<Path> POSTGRES_EMBEDDED_DIRECTORY =
      with(
          "postgres.embedded-directory",
          new File(),
          "quicksilver-postgres",
          ROOT,
          "The data directory of the embedded PostgreSQL.");
  public static final Setting<Integer> POSTGRES_EMBEDDED_PORT =
      with(
          "postgres.embedded-port",
          new Whole(0, 65_535),
          "5433",
          ROOT,
          "The port of the embedded PostgreSQL on loopback; 0 takes any free one.");
  public static final Setting<Duration> ROOT_WINDOW =
      with(
          "root.window",
          new Span("0", "60s"),
          "500ms",
          ROOT,
          "The shortest time between two durable commits of the root under load. The first commit"
              + " after a pause never waits.");
  public static final Setting<String> ROOT_SLOT =
      without(
          "root.slot",
          new Text("the name of a replication slot: 1 to 63 of a-z, 0-9 and _", false),
          ROOT,
          "The replication slot to read. If it is not given, the one that the last root of this"
              + " database took, else one named after the database.");
  public static final Setting<Duration> ROOT_CONFIRM_AFTER =
      with(
          "root.confirm-after",
          new Span("0", "1h"),
          "10s",
          ROOT,
          "For how long a change is durable on the root before PostgreSQL is told that it may"
              + " forget the WAL up to there. A replica that is no further behind can become the"
              + " root if this one is lost. Of no account while commits wait for the root.");
  public static final Setting<Duration> ROOT_TAKE_OVER_AFTER =
      with(
          "root.take-over-after",
          new Span("1s", "1h"),
          "2s",
          ROOT,
          "How long neither PostgreSQL nor a standby may have heard of the active root, until the"
              + " standby ends its hold of the slot and takes over. One that ends is noticed at"
              + " once.");
  public static final Setting<Integer> ROOT_STANDBYS =
      with(
          "root.standbys",
          new Whole(0, 9),
          "0",
          ROOT,
          "How many standby roots have to hold a change before PostgreSQL is told that it may"
              + " forget it; with commits that wait for the root, before COMMIT returns.");
  public static final Setting<Endpoint> REPLICATION_LISTEN =
      with(
          "replication.listen",
          new Address(0),
          "127.0.0.1:7400",
          NODES,
          "Where followers connect. Any address but loopback needs TLS.");
  public static final Setting<List<NodeAddress>> REPLICATION_UPSTREAMS =
      with(
          "replication.upstreams",
          new Many<>(new Node()),
          "",
          NODES,
          "The nodes to pull from, in order of preference; for a root, the other roots, of which it"
              + " follows the active one while it stands by. A node that is given with its name"
              + " (relay-1@10.0.0.5:7400) must have that name; with TLS its certificate proves"
              + " it.");
  public static final Setting<List<NodeAddress>> REPLICATION_SECONDARIES =
      with(
          "replication.secondaries",
          new Many<>(new Node()),
          "",
          NODES,
          "Upstreams of last resort, asked when no other has what is needed: nodes whose own"
              + " data.log-max-age is longer than that of the others, usually a week.");
  public static final Setting<Duration> REPLICATION_RETURN_AFTER =
      with(
          "replication.return-after",
          new Span("1s", "1d"),
          "10s",
          NODES,
          "How long a preferred upstream has to answer well before a replica that follows another"
              + " one returns to it. Doubles, up to 32 times, when it fails again soon after.");
  public static final Setting<Duration> REPLICATION_BEHIND_LIMIT =
      with(
          "replication.behind-limit",
          new Span("1s", "1d"),
          "30s",
          NODES,
          "How long another upstream has to have entries that the one that is followed does not"
              + " send, before the replica moves there.");
  public static final Setting<Duration> REPLICATION_ASK_AGAIN_AFTER =
      with(
          "replication.ask-again-after",
          new Span("1s", "1d"),
          "30s",
          NODES,
          "How long a replica waits at most before it asks an upstream again that has refused it"
              + " for good or contradicted its copy; shortened at random by up to a half. It serves"
              + " what it has meanwhile, and follows again once the cause is cured.");
  public static final Setting<DivergencePolicy> REPLICATION_ON_DIVERGENCE =
      with(
          "replication.on-divergence",
          new OneOf<>(DivergencePolicy.class),
          "serve",
          NODES,
          "What a replica does with a database whose upstream has contradicted its copy: serve what"
              + " it has until a block fits again or somebody says `quicksilver copy-anew`, copy"
              + " the database anew by itself (at most once an hour), or stop serving reads.");
  public static final Setting<Duration> REPLICATION_WINDOW =
      with(
          "replication.window",
          new Span("0", "60s"),
          "500ms",
          NODES,
          "The shortest time between two durable commits of a replica under load. The first commit"
              + " after a pause never waits.");
  public static final Setting<Integer> REPLICATION_MAX_REPORTS =
      with(
          "replication.max-reports",
          new Whole(1, 10_000_000),
          "131072",
          NODES,
          "How many reports of nodes below this one are kept, of one node on one database each; one"
              + " takes about 550 bytes of memory, so 131072 take 70 MB. More are left out: status"
              + " does not show them, and they are not passed on.");
  public static final Setting<List<String>> REPLICATION_FOLLOWERS =
      with(
          "replication.followers",
          new Many<>(new Text("a node's name, in which * stands for any characters", false)),
          "",
          NODES,
          "The nodes that may pull from this one (needs TLS). Empty: every node whose certificate"
              + " is signed by an authority.");
  public static final Setting<Path> REPLICATION_TLS_CERTIFICATE =
      without(
          "replication.tls-certificate",
          new File(),
          NODES,
          "This node's certificate in PEM form, then the intermediate ones. node.name must be one"
              + " of its DNS names. It turns TLS on, for followers and upstreams alike; a new file"
              + " is taken without a restart.");
  public static final Setting<Path> REPLICATION_TLS_KEY =
      without(
          "replication.tls-key",
          new File(),
          NODES,
          "The certificate's private key in PEM form, not encrypted.");
  public static final Setting<List<Path>> REPLICATION_TLS_AUTHORITIES =
      with(
          "replication.tls-authorities",
          new Many<>(new File()),
          "",
          NODES,
          "Files with the certificates, in PEM form, of the authorities that sign the certificates"
              + " of the other nodes.");
  public static final Setting<Endpoint> BRIDGE_LISTEN =
      with(
          "bridge.listen",
          new Address(0),
          "127.0.0.1:7432",
          BRIDGE,
          "Where postgres_fdw and other clients of PostgreSQL connect. Any address but loopback"
              + " needs bridge.tls-certificate and bridge.tls-key, and users; then clients of other"
              + " machines are served with TLS only.");
  public static final Setting<UserSource> BRIDGE_USERS =
      with(
          "bridge.users",
          new OneOf<>(UserSource.class),
          "none",
          BRIDGE,
          "Who may connect besides bridge.user: those whom quicksilver.grant_read lets read"
              + " databases, each only what was granted (catalog), or nobody (none). With none and"
              + " no password for bridge.user, whoever is on this machine reads everything.");
  public static final Setting<Path> BRIDGE_TLS_CERTIFICATE =
      without(
          "bridge.tls-certificate",
          new File(),
          BRIDGE,
          "The certificate that clients see, in PEM form, then the intermediate ones. A new file is"
              + " taken without a restart. For sslmode=verify-full it names the host that clients"
              + " connect to.");
  public static final Setting<Path> BRIDGE_TLS_KEY =
      without(
          "bridge.tls-key",
          new File(),
          BRIDGE,
          "The certificate's private key in PEM form, not encrypted.");
  public static final Setting<List<Path>> BRIDGE_TLS_AUTHORITIES =
      with(
          "bridge.tls-authorities",
          new Many<>(new File()),
          "",
          BRIDGE,
          "Files with the certificates of the authorities of clients: who shows a certificate of"
              + " theirs whose common name, or a DNS name, is the user's name needs no password.");
  public static final Setting<String> BRIDGE_USER =
      with(
          "bridge.user",
          new Text("a user's name", false),
          "quicksilver",
          BRIDGE,
          "A user of this bridge alone, who reads everything; needs a password to be one.");
  public static final Setting<String> BRIDGE_PASSWORD =
      without("bridge.password", new Text("a password", true), BRIDGE, "That user's password.");
  public static final Setting<Path> BRIDGE_PASSWORD_FILE =
      without(
          "bridge.password-file",
          new File(),
          BRIDGE,
          "A file whose first line is the password; read instead of bridge.password.");
  public static final Setting<Integer> BRIDGE_MAX_CONNECTIONS =
      with(
          "bridge.max-connections",
          new Whole(1, 10_000),
          "100",
          BRIDGE,
          "How many connections a bridge serves at once; more are refused.");
  public static final Setting<Duration> BRIDGE_MAX_SNAPSHOT_AGE =
      with(
          "bridge.max-snapshot-age",
          new Span("1s", "1d"),
          "5min",
          BRIDGE,
          "How long a transaction may hold its snapshot. A scan that outlives it gets an error, so"
              + " that it cannot make the replica's file grow.");
  public static final Setting<Integer> BRIDGE_NICENESS =
      with(
          "bridge.niceness",
          new Whole(0, 19),
          "10",
          BRIDGE,
          "How far the bridge's process gives way to others of the machine when processors are"
              + " scarce, as in nice(1): local readers and the replica go first. Its evaluator is"
              + " nicer by 5. Linux only.");
  public static final Setting<EvaluatorConfig.Start> BRIDGE_EVALUATOR_START =
      with(
          "bridge.evaluator.start",
          new OneOf<>(EvaluatorConfig.Start.class),
          "on-demand",
          BRIDGE,
          "When the bridge's private PostgreSQL is started, which evaluates what is no seek: with"
              + " the first such statement (which then waits for it, about a second), with the"
              + " bridge (eager), or never (none): then such statements, all questions to the"
              + " catalogs among them, are refused with 0A000.");
  public static final Setting<Path> BRIDGE_EVALUATOR_DIRECTORY =
      without(
          "bridge.evaluator.directory",
          new File(),
          BRIDGE,
          "An installed PostgreSQL, 15 or newer, to evaluate with instead of the one that comes"
              + " along: the directory that holds bin/postgres. It needs postgres_fdw.");
  public static final Setting<Duration> BRIDGE_EVALUATOR_IDLE =
      with(
          "bridge.evaluator.idle",
          new Span("1s", "1d"),
          "10min",
          BRIDGE,
          "How long the evaluator is kept after the last session that used it has left.");
  public static final Setting<Integer> BRIDGE_EVALUATOR_MEMORY =
      with(
          "bridge.evaluator.memory",
          new Whole(64, 1_048_576),
          "256",
          BRIDGE,
          "How much memory each session's process of the evaluator may take, in MiB. A statement"
              + " that needs more fails with 53200.");
  public static final Setting<Integer> BRIDGE_EVALUATOR_STATEMENTS =
      with(
          "bridge.evaluator.statements",
          new Whole(1, 1000),
          "8",
          BRIDGE,
          "How many statements are evaluated at a time; further ones wait for their turn. Seeks"
              + " never wait. Each may take bridge.evaluator.memory.");
  public static final Setting<Integer> BRIDGE_EVALUATOR_TEMPORARY_FILES =
      with(
          "bridge.evaluator.temporary-files",
          new Whole(1, 1_048_576),
          "1024",
          BRIDGE,
          "How large the temporary files of a session in the evaluator may grow, and its temporary"
              + " tables, in MiB. A statement that needs more fails with 53400.");
  public static final Setting<Endpoint> RESP_LISTEN =
      with(
          "resp.listen",
          new Address(0),
          "127.0.0.1:7379",
          SERVE,
          "Where clients of Redis connect. Any address but loopback needs resp.tls-certificate and"
              + " resp.tls-key, and users; then all its clients are served with TLS only.");
  public static final Setting<Path> RESP_UNIX_SOCKET =
      without(
          "resp.unix-socket",
          new File(),
          SERVE,
          "A path to listen on as well, for this machine's clients; in plain text.");
  public static final Setting<UserSource> RESP_USERS =
      with(
          "resp.users",
          new OneOf<>(UserSource.class),
          "none",
          SERVE,
          "Who may connect besides resp.user: those whom quicksilver.grant_read lets read"
              + " databases, each only what was granted (catalog), or nobody (none). With none and"
              + " no password for resp.user, whoever is on this machine reads everything.");
  public static final Setting<String> RESP_USER =
      with(
          "resp.user",
          new Text("a user's name", false),
          "default",
          SERVE,
          "A user of this server alone, who reads everything; needs a password to be one. AUTH with"
              + " a password alone means this user.");
  public static final Setting<String> RESP_PASSWORD =
      without("resp.password", new Text("a password", true), SERVE, "That user's password.");
  public static final Setting<Path> RESP_PASSWORD_FILE =
      without(
          "resp.password-file",
          new File(),
          SERVE,
          "A file whose first line is the password; read instead of resp.password.");
  public static final Setting<Path> RESP_TLS_CERTIFICATE =
      without(
          "resp.tls-certificate",
          new File(),
          SERVE,
          "The certificate that clients of resp.listen see, in PEM form, then the intermediate"
              + " ones. A new file is taken without a restart.");
  public static final Setting<Path> RESP_TLS_KEY =
      without(
          "resp.tls-key",
          new File(),
          SERVE,
          "The certificate's private key in PEM form, not encrypted.");
  public static final Setting<List<String>> RESP_DATABASES =
      with(
          "resp.databases",
          new Many<>(new Text("a database's name", false)),
          "",
          SERVE,
          "The databases that SELECT 0, SELECT 1 and so on stand for; a client that selects none"
              + " has the first one. Give every edge the same list, and add new names at its end."
              + " Without a list, 0 stands for the only database as long as there is but one.");
  public static final Setting<Duration> RESP_MAX_AGE =
      with(
          "resp.max-age",
          new Span("0", "365d"),
          "0",
          SERVE,
          "A copy that may be further behind the root than this is not read, unless a client says"
              + " otherwise; 0 reads any.");
  public static final Setting<Integer> RESP_MAX_CONNECTIONS =
      with(
          "resp.max-connections",
          new Whole(1, 1_000_000),
          "10000",
          SERVE,
          "How many connections are served at once; more are refused.");
  public static final Setting<Integer> RESP_MEMORY =
      with(
          "resp.memory",
          new Whole(16, 1_048_576),
          "128",
          SERVE,
          "How much may wait in memory for clients to take it, in MiB; then others wait. One more"
              + " reply per thread comes on top, of at most 128 MiB.");
  public static final Setting<Integer> RESP_THREADS =
      with(
          "resp.threads",
          new Whole(0, 1_024),
          "0",
          SERVE,
          "How many threads serve clients; 0 is one for two processors.");
  public static final Setting<Duration> RESP_DRAIN_TIME =
      with(
          "resp.drain-time",
          new Span("0", "30d"),
          "10min",
          SERVE,
          "How long clients with TLS stay with a process whose place another one has taken"
              + " (node.take-over); then they have to connect again.");
  public static final Setting<Endpoint> HTTP_LISTEN =
      with(
          "http.listen",
          new Address(0),
          "127.0.0.1:0",
          ALL_ROLES,
          "Where the status page (/), the health, /metrics, /status and what commands ask of a"
              + " running node are served. Port 0 takes any free one, which `status` finds through"
              + " the data directory. At any address but loopback only the first four and /sd are"
              + " served, without values, with TLS and a token, or with http.insecure.");
  public static final Setting<Endpoint> HTTP_ADVERTISE =
      without(
          "http.advertise",
          new Address(0),
          ALL_ROLES,
          "Where Prometheus reaches http.listen: the nodes above list it at /sd. Port 0 stands for"
              + " the one that is listened on. If it is not given, http.listen, unless that is on"
              + " loopback or all addresses (0.0.0.0): then the process is in no list.");
  public static final Setting<Path> HTTP_TLS_CERTIFICATE =
      without(
          "http.tls-certificate",
          new File(),
          ALL_ROLES,
          "The certificate of http.listen, in PEM form, then the intermediate ones; a new file is"
              + " taken without a restart.");
  public static final Setting<Path> HTTP_TLS_KEY =
      without(
          "http.tls-key",
          new File(),
          ALL_ROLES,
          "The certificate's private key in PEM form, not encrypted.");
  public static final Setting<Path> HTTP_TOKEN_FILE =
      without(
          "http.token-file",
          new File(),
          ALL_ROLES,
          "A file whose first line is the bearer token that a scraper sends, 16 characters or more"
              + " (openssl rand -hex 32). Read when the process starts.");
  public static final Setting<Boolean> HTTP_INSECURE =
      with(
          "http.insecure",
          new Flag(),
          "false",
          ALL_ROLES,
          "Serve the status page, the health, /metrics, /status and /sd at any address in plain"
              + " text to everybody: for networks that something else protects.");
  public static final Setting<Duration> HEALTH_MAX_LAG =
      with(
          "health.max-lag",
          new Span("100ms", "1d"),
          "30s",
          ALL_ROLES,
          "How far behind the root a database may be while the process counts as fresh; it is ready"
              + " once all have been so near.");
  public static final Setting<Duration> HEALTH_LIVE_WITHIN =
      with(
          "health.live-within",
          new Span("5s", "1h"),
          "2min",
          ALL_ROLES,
          "How long a thread may do nothing although something is due, as when the disk does not"
              + " answer, until the process does not count as live.");
  public static final Setting<LogLevel> LOG_LEVEL =
      with("log.level", new OneOf<>(LogLevel.class), "info", ALL_ROLES, "How much is logged.");
  public static final Setting<LogFormat> LOG_FORMAT =
      with(
          "log.format",
          new OneOf<>(LogFormat.class),
          "text",
          ALL_ROLES,
          "The form of a line on standard error: text to read, json for a log collector.");

  private static final List<Setting<?>> ALL =
      List.of(
          NODE_NAME,
          NODE_LOCATION,
          NODE_TAKE_OVER,
          DATA_DIRECTORY,
          DATA_MAP_SIZE,
          DATA_LOG_MAX_AGE,
          DATA_LOG_MAX_SIZE,
          POSTGRES_URL,
          POSTGRES_USER,
          POSTGRES_PASSWORD,
          POSTGRES_PASSWORD_FILE,
          POSTGRES_EMBEDDED,
          POSTGRES_EMBEDDED_DIRECTORY,
          POSTGRES_EMBEDDED_PORT,
          ROOT_WINDOW,
          ROOT_SLOT,
          ROOT_CONFIRM_AFTER,
          ROOT_TAKE_OVER_AFTER,
          ROOT_STANDBYS,
          REPLICATION_LISTEN,
          REPLICATION_UPSTREAMS,
          REPLICATION_SECONDARIES,
          REPLICATION_RETURN_AFTER,
          REPLICATION_BEHIND_LIMIT,
          REPLICATION_ASK_AGAIN_AFTER,
          REPLICATION_ON_DIVERGENCE,
          REPLICATION_WINDOW,
          REPLICATION_MAX_REPORTS,
          REPLICATION_FOLLOWERS,
          REPLICATION_TLS_CERTIFICATE,
          REPLICATION_TLS_KEY,
          REPLICATION_TLS_AUTHORITIES,
          BRIDGE_LISTEN,
          BRIDGE_USERS,
          BRIDGE_TLS_CERTIFICATE,
          BRIDGE_TLS_KEY,
          BRIDGE_TLS_AUTHORITIES,
          BRIDGE_USER,
          BRIDGE_PASSWORD,
          BRIDGE_PASSWORD_FILE,
          BRIDGE_MAX_CONNECTIONS,
          BRIDGE_MAX_SNAPSHOT_AGE,
          BRIDGE_NICENESS,
          BRIDGE_EVALUATOR_START,
          BRIDGE_EVALUATOR_DIRECTORY,
          BRIDGE_EVALUATOR_IDLE,
          BRIDGE_EVALUATOR_MEMORY,
          BRIDGE_EVALUATOR_STATEMENTS,
          BRIDGE_EVALUATOR_TEMPORARY_FILES,
          RESP_LISTEN,
          RESP_UNIX_SOCKET,
          RESP_USERS,
          RESP_USER,
          RESP_PASSWORD,
          RESP_PASSWORD_FILE,
          RESP_TLS_CERTIFICATE,
          RESP_TLS_KEY,
          RESP_DATABASES,
          RESP_MAX_AGE,
          RESP_MAX_CONNECTIONS,
          RESP_MEMORY,
          RESP_THREADS,
          RESP_DRAIN_TIME,
          HTTP_LISTEN,
          HTTP_ADVERTISE,
          HTTP_TLS_CERTIFICATE,
          HTTP_TLS_KEY,
          HTTP_TOKEN_FILE,
          HTTP_INSECURE,
          HEALTH_MAX_LAG,
          HEALTH_LIVE_WITHIN,
          LOG_LEVEL,
          LOG_FORMAT);

  private Settings() {}

  /** Returns all settings in the order of their documentation. */
  public static List<Setting<?>> all() {
    return ALL;
  }

  /** Returns the settings that a process of this role uses. */
  public static List<Setting<?>> of(Role role) {
    return ALL.stream().filter(setting -> setting.roles().contains(role)).toList();
  }

  /** Returns the setting with this key. */
  public static Optional<Setting<?>> find(String key) {
    return ALL.stream()
        .filter(setting -> setting.key().equals(key))
        .<Setting<?>>map(s -> s)
        .findFirst();
  }

  private static <T> Setting<T> with(
      String key, SettingType<T> type, String byDefault, Set<Role> roles, String documentation) {
    return new Setting<>(key, type, Optional.of(Default.of(byDefault)), roles, documentation);
  }

  private static <T> Setting<T> without(
      String key, SettingType<T> type, Set<Role> roles, String documentation) {
    return new Setting<>(key, type, Optional.empty(), roles, documentation);
  }
}
