/**
 * Makes the packages: a folder tree as a Debian machine has it, with a Java of its own, which
 * ops/pom.xml turns into a Debian package and a tarball. Try it with {@code mvn package
 * -Dmaven.test.skip=true}; they are in ops/target. {@link dev.quicksilver.ops.Assembly} is the way
 * through.
 */
@NullMarked
package dev.quicksilver.ops;

import org.jspecify.annotations.NullMarked;
