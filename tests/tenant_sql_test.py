"""Every SQL statement on a table of tenants names the organization (docs/security.md, D28).

A table of tenants is one with the column org_id. A statement that is about all organizations on purpose says so:
/* all organizations */.
"""
import pathlib
import re

STORE = pathlib.Path(__file__).resolve().parent.parent / "src" / "store"
STRING = r'"(?:[^"\\\n]|\\.)*"'


def tenant_tables():
    text = "\n".join(path.read_text() for path in STORE.glob("migrations/*.sql"))
    tables = re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", text, re.S)
    return {name for name, columns in tables if re.search(r"^\s*org_id\b", columns, re.M)}


def statements(text):
    """The SQL in a C++ text: neighbouring strings are one, and so are strings joined by + with a value between."""
    text = re.sub(r"//[^\n]*", "", text)
    joint = rf'{STRING}(?:\s*(?:\+\s*(?:[\w:.>()-]+\s*\+\s*)?)?{STRING})*'
    for match in re.finditer(joint, text):
        joined = "".join(part[1:-1] for part in re.findall(STRING, match.group()))
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", joined):
            yield joined


def unguarded(sql, tables):
    named = set(re.findall(r"\b(?:FROM|INTO|UPDATE|JOIN)\s+(\w+)", sql)) & tables
    if not named or "/* all organizations */" in sql:
        return False
    if sql.lstrip().startswith("INSERT"):
        return not re.search(r"INSERT INTO \w+ \([^)]*\borg_id\b", sql)
    return not re.search(r"\borg_id = \$\d", sql)


def test_statements_on_tables_of_tenants_name_the_organization():
    tables, found, wrong = tenant_tables(), 0, []
    for path in sorted(STORE.rglob("*.cpp")):
        if path.name.endswith("_test.cpp"):
            continue
        for sql in statements(path.read_text()):
            found += 1
            if unguarded(sql, tables):
                wrong.append(f"src/store/{path.name}: {sql[:100]}")
    assert wrong == []
    assert found > 20 and {"workspace", "client", "organization_key"} <= tables


def test_the_scan_finds_what_is_unguarded():
    text = '''
      c.query("SELECT " + columns + " FROM workspace WHERE org_id = $1 AND id = $2");
      c.query("SELECT " + columns + " FROM workspace "
              "WHERE id = $1");
      c.execute("DELETE FROM client WHERE id = $1");
      c.execute("INSERT INTO client (id, name) VALUES ($1, $2)");
      c.execute("UPDATE client SET name = $2 WHERE org_id = name");
      c.query("SELECT /* all organizations */ count(*) FROM client");
      c.query("SELECT 1 FROM instance");
    '''
    assert [unguarded(sql, {"workspace", "client"}) for sql in statements(text)] == [False, True, True, True, True, False, False]
