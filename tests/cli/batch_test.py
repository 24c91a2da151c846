"""`fairlead exec-local --batch`: a line that is refused is answered under its own id, and the next one is read."""
import json
import subprocess

from support.harness import BINARY

# What stands in the line, the id of its answer as text, a part of the error.
REFUSED = [
    (r'{"id":"a","definition":"github","entity":"x","action":"y","params":{"t":"\ud83d"}}', '"a"', "half of a surrogate pair"),
    (r'{"definition":"github","params":{"n":123456789012345678901234567890},"id":{"n": 7}}', '{"n": 7}', "an integer has more than 64 bits"),
    (r'{"id":123456789012345678901234567890}', "123456789012345678901234567890", "an integer has more than 64 bits"),
    (r'{"id":"\udc00x"}', r'"\ufffdx"', "half of a surrogate pair"),
    (r'{"id":1.50,"nope":1}', "1.50", "unknown member 'nope'"),
    (r'{"id":5,"definition":7}', "5", "'definition' must be a string"),
    (r'{"id":2,"base_url":"http://10.0.0.1:80"}', "2", "'base_url' must be a loopback address"),
    (r'{"id":[1,{"a":null}],"params":{"a":1,"a":2}}', '[1,{"a":null}]', "stands twice"),
    ('{"id":6,"entity":"' + "[" * 3 + '","params":' + "[" * 80 + "]" * 80 + "}", "6", "64 levels"),
    ('{"i\\u0064":8,"nope":1}', "8", "unknown member 'nope'"),
    (r'{"nope":1}', "null", "unknown member 'nope'"),
    (r'{"id":7', "null", "incomplete"),
    (r'{"id":7} x', "null", "text after the end"),
    ("[1]", "null", "must be a JSON object"),
    ("id", "null", "syntax error"),
]


def test_a_refused_line_is_answered_under_its_id():
    good = {"id": {"last": 1.0}, "definition": "github", "entity": "issues", "action": "get", "plan": True,
            "params": {"owner": "a", "repo": "b", "issue_number": 1}, "credentials": {"token": "t"}}
    done = subprocess.run([BINARY, "exec-local", "--batch"], input="".join(line + "\n" for line, _, _ in REFUSED) + json.dumps(good),
                          capture_output=True, text=True, timeout=60)
    answers = done.stdout.splitlines()
    assert done.returncode == 0 and len(answers) == len(REFUSED) + 1, done.stdout
    for (line, id, error), answer in zip(REFUSED, answers):
        assert answer.startswith(f'{{"id":{id},"result":'), (line, answer)
        shown = json.loads(answer)["result"]["error"]
        assert shown["kind"] == "validation" and error in shown["message"], (line, answer)
    last = json.loads(answers[-1])
    assert last["id"] == {"last": 1.0} and last["result"]["success"], last
