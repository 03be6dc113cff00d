"""psycopg: connects, and prints what each statement gives. Arguments: port, password, then statements."""
import sys
import psycopg2
import psycopg2.extras

connection = psycopg2.connect(host="127.0.0.1", port=int(sys.argv[1]), user="analyst",
                              password=sys.argv[2], dbname="quicksilver", application_name="clients")
for sql in sys.argv[3:]:
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        print([(c.name, c.type_code if c.type_code < 16384 else "domain") for c in cursor.description],
              [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor.fetchall()])
    except psycopg2.Error as e:
        print(sql, e.pgcode, e.diag.message_primary)
    connection.rollback()
named = connection.cursor("named")
named.itersize = 100
named.execute("SELECT key, upper(key) FROM dns ORDER BY key")
print(sum(len(row[0]) + len(row[1]) for row in named))
named.close()
cursor = connection.cursor(cursor_factory=psycopg2.extras.DictCursor)
cursor.execute("SELECT key, value, sequence, updated_at FROM dns WHERE key = %s", ("a",))
print([dict(row) for row in cursor.fetchall()])
connection.rollback()
connection.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
cursor = connection.cursor()
cursor.execute("SELECT count(*) FROM dns")
print(cursor.fetchall(), connection.get_transaction_status())
connection.commit()
cursor.execute("SELECT typname, oid FROM pg_type WHERE typname IN ('hstore', 'text', 'int8') ORDER BY 1")
print(cursor.fetchall())
connection.close()
