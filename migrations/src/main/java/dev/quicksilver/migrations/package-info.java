/**
 * The schema {@code quicksilver} of the central PostgreSQL, in versions.
 *
 * <p><b>Contract.</b> {@link dev.quicksilver.migrations.Migrations#migrate} brings any database
 * from any older version, or from nothing, to this one; running it again changes nothing. Versioned
 * changes are {@code V*.sql} here; functions and views are the repeatable {@code R__*.sql} of
 * module {@code sql}, run again whenever their text changes.
 *
 * <p><b>Hot path.</b> None. <b>Threads.</b> Safe from many processes at once: Flyway holds an
 * advisory lock. <b>Failure.</b> {@link dev.quicksilver.migrations.MigrationException}; a failed
 * migration is rolled back as a whole.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.migrations;
