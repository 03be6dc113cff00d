package dev.quicksilver.benchmarks.doctor;

import java.util.List;

/** All set-ups, in the order of their trials. */
public final class SetUps {
  private SetUps() {}

  /** Returns them, not planted yet. */
  public static List<SetUp> of(Sound sound) {
    return List.of(
        new WalLevel(sound),
        new SlotsTaken(sound),
        new SendersTaken(sound),
        new ShortOfWal(sound),
        new ServerAway(sound),
        new LostSlot(sound),
        new RoleWithoutRights(sound),
        new SchemaOfAnother(sound),
        new WrongPassword(sound),
        new ReadOnlyRole(sound),
        new NoDatabase(sound),
        new SlotOfAnother(sound),
        new NoIdentity(sound),
        new GeneratedColumn(sound),
        new EmbeddedPortTaken(sound),
        new PortTaken(sound),
        new SocketTooLong(sound),
        new NotWritable(sound),
        new FilesOfAnother(sound),
        new LittleDisk(sound),
        new ContainerLayer(sound),
        new NoExecution(sound),
        new FewFiles(sound),
        new TightLimits(sound),
        new OpenSecrets(sound),
        new ExpiredCertificate(sound),
        new KeyOfAnother(sound),
        new NameOfAnother(sound),
        new UpstreamAway(sound),
        new UpstreamIsNoNode(sound),
        new UpstreamOfAnotherCluster(sound),
        new UpstreamOfAnotherName(sound),
        new UpstreamOfAnotherAuthority(sound),
        new OpenBridge(sound),
        new AnotherNamespace(sound));
  }
}
